using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Models.Policies;

namespace Foretell.Cli.Running;

/// <summary>A policy that is talked to: a line {"event": {"stream", "time", "mark", numbers}} tells what happened, and a line
/// {"ask": {"streams", "time"}} is answered by a line {"actions"}: the index of what to do, one a stream.</summary>
/// <param name="play">Decides.</param>
/// <param name="reward">Name of the reward, which an "amount" is where an event carries no such number.</param>
internal sealed class PolicyDialogue(PolicyPlay play, string reward)
{
    private const string Amount = "amount";
    private const string Expected = """Expected {"event": {"stream": "c7", "time": 3.2, "mark": "buy", "amount": 20.6}} or {"ask": {"streams": ["c7"], "time": 9.1}}.""";

    /// <summary>Reads to the end of the input.</summary>
    /// <exception cref="CliException">A line is neither of these; its number and what is wrong.</exception>
    public void Run(TextReader input, Action<string> answer)
    {
        for (int number = 1; input.ReadLine() is { } line; number++)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonProperty[] parts = document.RootElement.ValueKind == JsonValueKind.Object
                    ? [.. document.RootElement.EnumerateObject()] : [];
                if (parts is not [{ Value.ValueKind: JsonValueKind.Object, Name: "event" or "ask" } only])
                {
                    throw new FormatException($"A line must be an object with one of \"event\" and \"ask\", itself an object. {Expected}");
                }
                if (only.Name == "event")
                {
                    Observe(only.Value);
                }
                else
                {
                    answer($$"""{"actions":[{{string.Join(',', Decide(only.Value))}}]}""");
                }
            }
            catch (Exception bad) when (bad is JsonException or FormatException or ArgumentException)
            {
                string reason = bad is JsonException json ? $"The line is not JSON at byte {(json.BytePositionInLine ?? 0) + 1}. {Expected}" : bad.Message;
                throw new CliException($"standard input, line {number}: {reason}", bad);
            }
        }
    }

    private void Observe(JsonElement @event)
    {
        var values = new Dictionary<string, double>();
        foreach (JsonProperty of in @event.EnumerateObject().Where(p => p.Name is not ("stream" or "time" or "mark")))
        {
            if (of.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.Null))
            {
                throw new FormatException($"What an event carries beside stream, time and mark must be a number or null, got {Format.Quoted(of.Value.ToString())} for {Format.Quoted(of.Name)}.");
            }
            if (of.Value.ValueKind == JsonValueKind.Number)
            {
                values[of.Name] = of.Value.GetDouble();
            }
        }
        if (values.TryGetValue(Amount, out double amount))
        {
            values.TryAdd(reward, amount);
        }
        play.Observe(Text(@event, "stream"), Time(@event), Text(@event, "mark"), values);
    }

    private int[] Decide(JsonElement ask)
    {
        if (!ask.TryGetProperty("streams", out JsonElement streams) || streams.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"\"ask\" needs \"streams\", a list of the streams to decide for. {Expected}");
        }
        double time = Time(ask);
        return [.. streams.EnumerateArray().Select(s => play.Decide(Name(s, "streams"), time))];
    }

    private static string Text(JsonElement of, string name) => Name(of.TryGetProperty(name, out JsonElement value) ? value : default, name);

    private static string Name(JsonElement value, string name) => value.ValueKind is JsonValueKind.String or JsonValueKind.Number
        ? value.ToString() : throw new FormatException($"\"{name}\" must hold a text or a number, got {Shown(value)}. {Expected}");

    private static double Time(JsonElement of) => of.TryGetProperty("time", out JsonElement time) && time.ValueKind == JsonValueKind.Number
        ? time.GetDouble() : throw new FormatException($"\"time\" must be a number, got {Shown(time)}. {Expected}");

    private static string Shown(JsonElement value) =>
        value.ValueKind == JsonValueKind.Undefined ? "nothing" : Format.Quoted(value.GetRawText());
}
