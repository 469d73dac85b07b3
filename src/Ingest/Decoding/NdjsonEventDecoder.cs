using System.Text.Json;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Events one a line. A broken line is one rejection and never its neighbours'; blank lines are skipped. A body of which
/// more than <see cref="MostBrokenLines"/> lines are no JSON is malformed as a whole.</summary>
internal sealed class NdjsonEventDecoder(EventSchema schema) : JsonBodyDecoder
{
    /// <summary>The reader tells of broken JSON by an exception, which costs what hundreds of good lines do: 8 MB of "{x}" lines took
    /// 14 s.</summary>
    internal const int MostBrokenLines = 1000;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections, EscapeScratch scratch)
    {
        ReadOnlySpan<byte> rest = WithoutByteOrderMark(body);
        int broken = 0, number = 0;
        for (int index = 0; !rest.IsEmpty;)
        {
            number++;
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? rest : rest[..end]).Trim(" \t\r"u8);
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }
            string? reason = AddLine(line, schema, scratch, batch, out long? brokenAt);
            if (brokenAt is { } position && ++broken > MostBrokenLines)
            {
                throw new MalformedBodyException($"More than {MostBrokenLines} lines are no JSON. Of the latest: {reason} Send one JSON object a line.",
                    number, position);
            }
            if (reason is not null)
            {
                rejections.Add(index, reason);
            }
            index++;
        }
    }

    /// <summary>Adds the event of one line.</summary>
    /// <param name="line">The line without its end and without blanks around it.</param>
    /// <param name="schema">Reads the line's object.</param>
    /// <param name="scratch">Memory for texts with escapes.</param>
    /// <param name="batch">Takes the event.</param>
    /// <param name="brokenAt">Output: the byte, from 1, at which the line is no JSON, where its reading came to an exception.</param>
    /// <returns>Null, or the reason why the line is no event.</returns>
    internal static string? AddLine(ReadOnlySpan<byte> line, EventSchema schema, EscapeScratch scratch, EventBatch batch,
        out long? brokenAt)
    {
        brokenAt = null;
        // Both ends are looked at first because an exception costs fifteen times what a good line does.
        if (line.IsEmpty || line[0] != '{' || line[^1] != '}')
        {
            return $"A line must be one JSON object, got {JsonToken.Shown(line)}.";
        }
        var json = new Utf8JsonReader(line, JsonToken.Strict);
        try
        {
            json.Read();
            DecodedEvent decoded = default;
            string? reason = schema.Read(ref json, scratch, ref decoded);
            json.Read();
            return reason ?? decoded.AddTo(batch);
        }
        catch (JsonException error)
        {
            brokenAt = (error.BytePositionInLine ?? 0) + 1;
            return $"The line is not JSON at byte {brokenAt}: {JsonToken.Reason(error)}";
        }
    }
}
