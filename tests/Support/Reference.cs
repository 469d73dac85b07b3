using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
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
    private readonly float[] _values = new float[model.ValueCount];
    private readonly Forecaster _forecaster = new(model);
    private long _labels;

    /// <summary>Dead letters: partition, sequence number, reason.</summary>
    public List<(int Partition, long Sequence, string Reason)> DeadLetters { get; } = [];

    /// <summary>Streams with at least one event.</summary>
    public IEnumerable<string> Streams => _streams.Keys.Order(StringComparer.Ordinal);

    /// <summary>Events and labels that took effect.</summary>
    public long Applied => _streams.Values.Sum(s => s.Count) + _labels;

    /// <summary>Labels of kinds that the model knows: how many, how many of them were the likeliest before they came, and the log
    /// probabilities that stood for them.</summary>
    public (long Count, double Hits, double Log) Labels { get; private set; }

    /// <summary>Sums of the events' scores: gap, mark and values, of all but each stream's first.</summary>
    public (double Time, double Mark, double Value) Scored { get; private set; }

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
                else if (record.Kind == LogRecordKind.Label)
                {
                    reference.Label(partition, record);
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
        Standardise(record.Values);
        _rows.ScoreAndStep([new StepInput(stream.Row, mark, gap, stream.Count, previous)], _score, _values);
        if (known)
        {
            Scored = (Scored.Time + _score[0].Time, Scored.Mark + _score[0].Mark, Scored.Value + _score[0].Value);
            scores.Add(_score[0]);
            Calibration.Add(_score[0]);
        }
        _scores[record.Key] = (mark, scores);
        _streams[record.Key] = (stream.Row, stream.Count + 1, Math.Max(stream.LastTicks, time));
    }

    /// <summary>A label: scored by what its stream's row says.</summary>
    public void Label(int partition, EventSets.Read record)
    {
        if (!_streams.TryGetValue(record.Key, out (int Row, long Count, long LastTicks) stream))
        {
            DeadLetters.Add((partition, record.Sequence, "label"));
            return;
        }
        _labels++;
        int kind = model.Config.Labels?.ToList().IndexOf(record.Mark) ?? -1;
        if (kind >= 0)
        {
            float[] basis = new float[model.BasisFloats];
            _rows.ReadBasis(stream.Row, basis);
            double[] kinds = _forecaster.Labels(basis);
            Labels = (Labels.Count + 1, Labels.Hits + (kinds[kind] == kinds.Max() ? 1 : 0), Labels.Log + Math.Log(kinds[kind]));
        }
    }

    /// <summary>The values that the model takes of an event, in its order; those that it does not know are left out.</summary>
    /// <param name="texts">As <see cref="EventSets.Values"/> tells them.</param>
    private void Standardise(string texts)
    {
        Dictionary<string, double> came = texts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('='))
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        for (int i = 0; i < _values.Length; i++)
        {
            ValueScale scale = model.Config.Values![i];
            _values[i] = came.TryGetValue(scale.Name, out double value) ? scale.Standardise(value) : float.NaN;
        }
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
