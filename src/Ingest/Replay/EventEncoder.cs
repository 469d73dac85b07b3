using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;

namespace Foretell.Ingest.Replay;

/// <summary>Writes events as NDJSON, the form that <see cref="EventDecoder"/> reads back to the same records.</summary>
public static class EventEncoder
{
    // The lines go to a JSON reader, never into a page: only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions s_options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes every event of a batch, one a line.</summary>
    public static void WriteNdjson(EventBatch batch, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, s_options);
        Span<byte> time = stackalloc byte[32];
        for (int i = 0; i < batch.Count; i++)
        {
            var record = new LogRecord(batch[i]);
            json.WriteStartObject();
            json.WriteString("stream"u8, record.Key);
            json.WritePropertyName("time"u8);
            json.WriteRawValue(SecondsText.Format(record.TimeTicks, time), skipInputValidation: true);
            if (!record.Mark.IsEmpty)
            {
                json.WriteString(record.Kind == LogRecordKind.Label ? "label"u8 : "mark"u8, record.Mark);
            }
            if (!record.Id.IsEmpty)
            {
                json.WriteString("id"u8, record.Id);
            }
            if (!record.Values.IsEmpty)
            {
                WriteValues(json, record.Values);
            }
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            output.Write("\n"u8);
        }
    }

    private static void WriteValues(Utf8JsonWriter json, ReadOnlySpan<byte> values)
    {
        json.WriteStartObject("values"u8);
        while (EventValues.TryRead(ref values, out ReadOnlySpan<byte> name, out double value))
        {
            json.WriteNumber(name, value);
        }
        json.WriteEndObject();
    }
}
