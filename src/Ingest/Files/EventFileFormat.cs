using System.Text;
using System.Text.Json;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>What a file of events looks like.</summary>
internal enum EventFileFormat
{
    /// <summary>One event a line, as JSON.</summary>
    Ndjson,

    /// <summary>One sequence a line, as JSON.</summary>
    Sequences,

    /// <summary>One event a record, below a header.</summary>
    Csv,

    /// <summary>One event a row of columns.</summary>
    Parquet,
}

/// <summary>Tells the formats of text apart by a file's extension and first line.</summary>
internal static class EventFileFormats
{
    private static readonly string[] s_jsonExtensions = [".json", ".jsonl", ".ndjson"];

    /// <param name="reader">The file, at its start, where it stays.</param>
    /// <param name="path">Its path, for its extension.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="EventFileException">The file is none of the three.</exception>
    public static EventFileFormat Detect(RecordReader reader, string path, string name)
    {
        if (!reader.TryPeek(out ReadOnlySpan<byte> line))
        {
            throw new EventFileException(name, 0, "The file is empty; expected events.");
        }
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension == ".csv")
        {
            return EventFileFormat.Csv;
        }
        if (line[0] == '{')
        {
            return OfJson(reader, line);
        }
        if (line[0] == '[')
        {
            throw reader.Error("This is a JSON array; expected one JSON object a line.");
        }
        return s_jsonExtensions.Contains(extension)
            ? throw reader.Error($"This is not JSON: {JsonToken.Shown(line)}; expected one JSON object a line.")
            : EventFileFormat.Csv;
    }

    private static EventFileFormat OfJson(RecordReader reader, ReadOnlySpan<byte> line)
    {
        var names = new List<string>();
        var json = new Utf8JsonReader(line, JsonToken.Strict);
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                names.Add(Encoding.UTF8.GetString(json.ValueSpan));
                json.Read();
                json.Skip();
            }
        }
        catch (JsonException error)
        {
            throw reader.Error(
                $"The line is not JSON at byte {(error.BytePositionInLine ?? 0) + 1}: {JsonToken.Reason(error)} Expected one JSON object a line.");
        }
        if (names.Contains("stream") || names.Contains("time"))
        {
            return EventFileFormat.Ndjson;
        }
        return names.Contains("t") || names.Contains("k")
            ? EventFileFormat.Sequences
            : throw reader.Error("A line must be an event (stream, time, mark, id) or a sequence (id, t, k); "
                + (names.Count == 0 ? "this one has no properties." : $"this one has {VisibleText.Of(string.Join(", ", names.Take(20)))}."));
    }
}
