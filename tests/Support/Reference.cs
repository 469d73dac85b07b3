using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Stores.Sqlite;

namespace Foretell.Support;

/// <summary>
/// What a log means, written as plainly as possible: one event after the other, one row each, no batches, no
/// threads, no store. The platform's digests must equal these.
/// </summary>
public sealed class Reference(ForecastModel model, IStateBackend? rows = null)
{
    private readonly IStateBackend _rows = rows ?? new CpuStateBackend(model);
    private readonly Dictionary<string, (int Row, long Count, long LastTicks)> _streams = [];
    private readonly Dictionary<string, (int LastMark, LiveScores Scores)> _scores = [];
    private readonly StepScore[] _score = new StepScore[1];

    /// <summary>Dead letters: partition, sequence number, reason.</summary>
    public List<(int Partition, long Sequence, string Reason)> DeadLetters { get; } = [];

    /// <summary>Streams with at least one event.</summary>
    public IEnumerable<string> Streams => _streams.Keys.Order(StringComparer.Ordinal);

    public long Applied => _streams.Values.Sum(s => s.Count);

    public long UnknownMarks { get; private set; }

    public Calibration Calibration { get; } = new();

    /// <summary>Replays a whole log file.</summary>
    public static async Task<Reference> ReplayAsync(string logPath, ForecastModel model)
    {
        await using var log = SqliteEventLog.Open(logPath, null, TimeProvider.System);
        return await ReplayAsync(log, model);
    }

    /// <summary>Replays a whole log.</summary>
    public static async Task<Reference> ReplayAsync(IEventLog log, ForecastModel model)
    {
        var records = new List<EventSets.Read>[log.PartitionCount];
        for (int partition = 0; partition < log.PartitionCount; partition++)
        {
            records[partition] = await log.ReadAllAsync(partition);
        }
        return Replay(records, model);
    }

    /// <summary>Replays the records of each partition.</summary>
    public static Reference Replay(List<EventSets.Read>[] records, ForecastModel model, IStateBackend? rows = null)
    {
        var reference = new Reference(model, rows);
        for (int partition = 0; partition < records.Length; partition++)
        {
            long late = TimeSpan.TicksPerSecond * 5, future = TimeSpan.TicksPerHour;
            bool ahead = false;
            foreach (EventSets.Read record in records[partition])
            {
                if (record is { Kind: LogRecordKind.Control, Key: "policy" })
                {
                    string[] parts = record.Mark.Split(';', '=');
                    (late, future, ahead) = (long.Parse(parts[1]), long.Parse(parts[3]), record.Mark.Contains(";ahead=append"));
                }
                else if (record.Kind == LogRecordKind.Event)
                {
                    reference.Apply(partition, record, late, future, ahead);
                }
            }
        }
        return reference;
    }

    public LiveScores Scores(string stream) => _scores[stream].Scores;

    public long Count(string stream) => _streams[stream].Count;

    public void Apply(int partition, EventSets.Read record, long late, long future, bool ahead = false)
    {
        bool known = _streams.TryGetValue(record.Key, out (int Row, long Count, long LastTicks) stream);
        if (record.TimeTicks > record.AppendTicks + future)
        {
            DeadLetters.Add((partition, record.Sequence, "future"));
            return;
        }
        long time = ahead && record.TimeTicks > record.AppendTicks + late ? record.AppendTicks : record.TimeTicks;
        if (known && time < stream.LastTicks - late)
        {
            DeadLetters.Add((partition, record.Sequence, "late"));
            return;
        }
        if (!known)
        {
            stream = (_streams.Count, 0, time);
            _rows.EnsureCapacity(_streams.Count + 1);
        }
        double gap = time <= stream.LastTicks ? 0 : (time - stream.LastTicks) / 1e7 / model.Config.TimeUnitSeconds;
        int mark = model.MarkIndex(Encoding.UTF8.GetBytes(record.Mark));
        UnknownMarks += mark == model.UnknownMark ? 1 : 0;
        (int previous, LiveScores scores) = _scores.GetValueOrDefault(record.Key, (-1, default));
        _rows.ScoreAndStep([new StepInput(stream.Row, mark, gap, stream.Count, previous)], _score, ValuesOf(record));
        if (known)
        {
            scores.Add(_score[0]);
            Calibration.Add(_score[0]);
        }
        _scores[record.Key] = (mark, scores);
        _streams[record.Key] = (stream.Row, stream.Count + 1, Math.Max(stream.LastTicks, time));
    }

    /// <summary>The event's values as the model takes them. Shape [values of the model].</summary>
    private float[] ValuesOf(EventSets.Read record)
    {
        var values = new float[model.ValueCount];
        Array.Fill(values, float.NaN);
        foreach (string text in record.Values.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = text.Split('=');
            if (model.ValueIndex(Encoding.UTF8.GetBytes(parts[0])) is >= 0 and int i)
            {
                values[i] = model.Config.Values![i].Standardise(double.Parse(parts[1], CultureInfo.InvariantCulture));
            }
        }
        return values;
    }

    public string Digest(string stream)
    {
        (int row, long count, long lastTicks) = _streams[stream];
        float[] state = new float[_rows.RowFloats(row)];
        _rows.Read(row, state);
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Encoding.UTF8.GetBytes(model.Id));
        writer.Write(count);
        writer.Write(lastTicks);
        foreach (float value in (float[])[.. state[..model.MixerFloats], .. state[model.StateFloats..],
            .. state[(model.MixerFloats + model.Config.Width)..model.StateFloats]])
        {
            writer.Write(value);
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }

    /// <summary>Digest over all streams' digests.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData([.. Streams.SelectMany(s => Convert.FromHexString(Digest(s)))]));
}
