using System.Text.Encodings.Web;
using System.Text.Json;
using Foretell.Ingest.Files;

namespace Foretell.Ingest.Simulation;

/// <summary>What was written, with the best score that any model can have on it.</summary>
/// <param name="Events">Events.</param>
/// <param name="Streams">Streams.</param>
/// <param name="TrueNllTime">Mean negative true log density of the gaps, nats, per second; over every event but the first of each
/// stream.</param>
/// <param name="TrueNllMark">Mean negative true log probability of the marks, nats, over the same events.</param>
/// <param name="Ended">Streams of which no further event would come.</param>
public sealed record SimulationSummary(long Events, int Streams, double TrueNllTime, double TrueNllMark, int Ended);

/// <summary>Writes simulated events to a file that <see cref="EventFile"/> reads.</summary>
public static class SimulationFile
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes events: .ndjson one event a line in the order given, .jsonl one sequence a line with times in seconds
    /// since the first event.</summary>
    /// <exception cref="ArgumentException">The extension is neither.</exception>
    public static SimulationSummary Write(string path, IEnumerable<SimulatedEvent> events)
    {
        bool asSequences = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" => true,
            ".ndjson" => false,
            _ => throw new ArgumentException(
                $"A simulation is written to FILE.jsonl (one sequence a line) or FILE.ndjson (one event a line), got '{path}'.",
                    nameof(path)),
        };
        var tally = new Tally();
        using FileStream file = File.Create(path);
        using var json = new Utf8JsonWriter(file, s_options);
        if (asSequences)
        {
            WriteSequences(json, file, events, tally);
        }
        else
        {
            WriteEvents(json, file, events, tally);
        }
        return tally.Summary();
    }

    private static void WriteEvents(Utf8JsonWriter json, FileStream file, IEnumerable<SimulatedEvent> events, Tally tally)
    {
        foreach (SimulatedEvent e in events)
        {
            tally.Add(e);
            json.WriteStartObject();
            json.WriteString("stream"u8, e.Stream);
            json.WritePropertyName("time"u8);
            WriteSeconds(json, e.TimeTicks);
            json.WriteString("mark"u8, e.Mark);
            json.WriteEndObject();
            EndLine(json, file);
        }
    }

    private static void WriteSequences(Utf8JsonWriter json, FileStream file, IEnumerable<SimulatedEvent> events, Tally tally)
    {
        var byStream = new Dictionary<string, List<SimulatedEvent>>();
        long first = long.MaxValue;
        foreach (SimulatedEvent e in events)
        {
            tally.Add(e);
            first = Math.Min(first, e.TimeTicks);
            if (!byStream.TryGetValue(e.Stream, out List<SimulatedEvent>? sequence))
            {
                byStream.Add(e.Stream, sequence = []);
            }
            sequence.Add(e);
        }
        foreach ((string stream, List<SimulatedEvent> sequence) in byStream.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, stream);
            json.WriteStartArray("t"u8);
            foreach (SimulatedEvent e in sequence)
            {
                WriteSeconds(json, e.TimeTicks - first);
            }
            json.WriteEndArray();
            json.WriteStartArray("k"u8);
            foreach (SimulatedEvent e in sequence)
            {
                json.WriteStringValue(e.Mark);
            }
            json.WriteEndArray();
            json.WriteEndObject();
            EndLine(json, file);
        }
    }

    private static void WriteSeconds(Utf8JsonWriter json, long ticks)
    {
        Span<byte> text = stackalloc byte[32];
        json.WriteRawValue(SecondsText.Format(ticks, text), skipInputValidation: true);
    }

    private static void EndLine(Utf8JsonWriter json, FileStream file)
    {
        json.Flush();
        json.Reset();
        file.WriteByte((byte)'\n');
    }

    private sealed class Tally
    {
        private readonly HashSet<string> _streams = [];
        private long _events;
        private int _ended;
        private double _time;
        private double _mark;

        public void Add(in SimulatedEvent e)
        {
            _events++;
            _ended += e.IsLast ? 1 : 0;
            _streams.Add(e.Stream);
            _time -= e.LogDensity;
            _mark -= e.LogMark;
        }

        public SimulationSummary Summary()
        {
            long scored = Math.Max(1, _events - _streams.Count);
            return new SimulationSummary(_events, _streams.Count, _time / scored, _mark / scored, _ended);
        }
    }
}
