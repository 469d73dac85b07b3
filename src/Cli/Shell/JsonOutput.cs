using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Foretell.Cli.Shell;

/// <summary>Objects as one line of JSON on standard output, for programs to read.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        // A score that is not finite is a finding; failing to print it would hide it.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions s_indented = new(s_options) { WriteIndented = true };

    /// <summary>The same for a file that people may look into.</summary>
    public static string Indented<T>(T value) => JsonSerializer.Serialize(value, s_indented) + "\n";

    /// <summary>An object with more members; those that are null are left out.</summary>
    public static void Write<T>(T value, params ReadOnlySpan<(string Name, object? Member)> members)
    {
        JsonNode node = JsonSerializer.SerializeToNode(value, s_options)!;
        foreach ((string name, object? member) in members)
        {
            if (member is not null)
            {
                node[name] = JsonSerializer.SerializeToNode(member, member.GetType(), s_options);
            }
        }
        Write(node);
    }

    public static void Write<T>(T value) => Terminal.WriteLine(JsonSerializer.Serialize(value, s_options));
}
