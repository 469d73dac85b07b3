using System.Text.Json;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Reads what a policy would do at each decision of a log, one a line: {"id": the stream, "i": index of the event in it, from 0,
/// "pi": {action: probability}}. Actions that are not named have none.</summary>
public static class PolicyFile
{
    /// <summary>How far from 1 the probabilities of a decision may add up.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>Reads a file whole.</summary>
    /// <param name="path">The file, or "-" for standard input; as it is, or as gzip or zstd.</param>
    /// <param name="actions">The actions that there are.</param>
    /// <returns>Probabilities by stream and event, adding up to 1. Shape of each [actions].</returns>
    /// <exception cref="EventFileException">The file cannot be read, or a line is none of these, or names a decision twice.</exception>
    public static Dictionary<(string Stream, int Event), double[]> Read(string path, IReadOnlyList<string> actions)
    {
        string name = InputFile.NameOf(path);
        using Stream file = InputFile.Open(path);
        var peeked = new PeekedStream(file, Compression.HeadBytes);
        InputFile.RefuseDevice(file, path, peeked.Head.Length);
        using var lines = new RecordReader(name, Compression.Unpack(peeked, name));
        Dictionary<string, int> index = actions.Select((a, i) => (a, i)).ToDictionary(a => a.a, a => a.i);
        var decisions = new Dictionary<(string, int), double[]>();
        while (lines.TryRead(out Span<byte> line))
        {
            string? reason;
            try
            {
                var json = new Utf8JsonReader(line, JsonToken.Strict);
                using JsonDocument document = JsonDocument.ParseValue(ref json);
                reason = ReadLine(document.RootElement, index, out (string, int) decision, out double[] probabilities)
                    ?? (decisions.TryAdd(decision, probabilities) ? null
                    : $"Event {decision.Item2} of stream '{VisibleText.Of(decision.Item1)}' is there twice, and which of the two is meant cannot be told.");
            }
            catch (JsonException error)
            {
                reason = $"The line is not JSON at byte {(error.BytePositionInLine ?? 0) + 1}: {JsonToken.Reason(error)}";
            }
            if (reason is not null)
            {
                throw lines.Error(reason);
            }
        }
        return decisions;
    }

    private static string? ReadLine(JsonElement line, Dictionary<string, int> index, out (string, int) decision, out double[] probabilities)
    {
        decision = default;
        probabilities = new double[index.Count];
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("id", out JsonElement id)
            || id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)
            || !line.TryGetProperty("i", out JsonElement i) || i.ValueKind != JsonValueKind.Number || !i.TryGetInt32(out int at) || at < 0
            || !line.TryGetProperty("pi", out JsonElement pi) || pi.ValueKind != JsonValueKind.Object)
        {
            return "A line must be {\"id\": stream, \"i\": index of the event in it, from 0, \"pi\": {action: probability}}.";
        }
        decision = (id.ToString(), at);
        double sum = 0;
        foreach (JsonProperty of in pi.EnumerateObject())
        {
            if (!index.TryGetValue(of.Name, out int action))
            {
                return $"'pi' names '{VisibleText.Of(of.Name)}', which is no action; there is {string.Join(", ", index.Keys.Take(10))}{(index.Count > 10 ? ", ..." : "")}.";
            }
            if (of.Value.ValueKind != JsonValueKind.Number || !of.Value.TryGetDouble(out double p) || !(p >= 0 && p <= 1))
            {
                return $"'pi' must hold probabilities from 0 to 1, got {of.Value} for '{VisibleText.Of(of.Name)}'.";
            }
            probabilities[action] = p;
            sum += p;
        }
        if (!(Math.Abs(sum - 1) <= Tolerance))
        {
            return FormattableString.Invariant($"'pi' must add up to 1, and adds up to {sum:G6}.");
        }
        for (int a = 0; a < probabilities.Length; a++)
        {
            probabilities[a] /= sum;
        }
        return null;
    }
}
