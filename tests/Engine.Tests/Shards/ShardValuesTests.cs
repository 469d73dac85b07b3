using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Tests.Shards;

/// <summary>A shard whose events carry values, and whose streams get labels.</summary>
public sealed class ShardValuesTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;
    private const int Streams = 20, Records = 900;

    private static readonly ForecastModel s_model = ForecastModel.Untrained(new ModelConfig
    {
        Width = 16,
        Layers = 2,
        Heads = 2,
        Marks = ["buy", "view"],
        Values = [new ValueScale("amount", 3, 1) { Floor = 0.1, Within = 0.5 }, new ValueScale("temp", 20, 5) { Share = 0.5 }],
        ForecastsValues = true,
        Labels = ["stays", "leaves"],
    }, seed: 8);

    /// <summary>The same rows and scores as of each stream's events one by one, whatever the batches: values go with their events
    /// through the waves, unknown ones are left out.</summary>
    [Theory]
    [InlineData(900)]
    [InlineData(37)]
    [InlineData(1)]
    public void Advance_WithValues_GivesWhatTheStepsOfEachEventGive(int batch)
    {
        Sent[] sent = Workload();
        using var shard = new Shard(0, new ServingModel(s_model));
        for (int from = 0; from < sent.Length; from += batch)
        {
            shard.Advance(Batch(sent[from..Math.Min(from + batch, sent.Length)], from + 1));
        }

        using var plain = new CpuStateBackend(s_model);
        plain.EnsureCapacity(Streams);
        double values = 0, labels = 0;
        int hits = 0, scored = 0;
        var last = new Dictionary<int, (long Ticks, long Count, int Mark)>();
        var forecaster = new Forecaster(s_model);
        foreach (Sent record in sent)
        {
            if (record.Label is { } label)
            {
                float[] basis = new float[s_model.BasisFloats];
                plain.ReadBasis(record.Stream, basis);
                double[] kinds = forecaster.Labels(basis);
                int truth = label == "stays" ? 0 : 1;
                labels += Math.Log(kinds[truth]);
                hits += kinds[truth] == kinds.Max() ? 1 : 0;
                scored++;
                continue;
            }
            (long ticks, long count, int before) = last.GetValueOrDefault(record.Stream, (record.Ticks, 0, -1));
            var score = new StepScore[1];
            int mark = s_model.MarkIndex(Encoding.UTF8.GetBytes(record.Mark));
            plain.ScoreAndStep([new StepInput(record.Stream, mark, EventTime.SecondsBetween(ticks, record.Ticks), count, before)], score,
                [s_model.Config.Values![0].Standardise(record.Amount), s_model.Config.Values[1].Standardise(record.Temp)]);
            values += score[0].Value;
            last[record.Stream] = (record.Ticks, count + 1, mark);
        }

        for (int stream = 0; stream < Streams; stream++)
        {
            float[] state = new float[s_model.StateFloats];
            plain.Read(stream, state);
            Assert.Equal(state, shard.Find(Key(stream))!.State);
        }
        (_, ShardTotals totals, ScoreTotals scores) = shard.Counts();
        Assert.Equal(Records, totals.Applied);
        Assert.Equal(values, scores.Value, 1e-3);
        Assert.NotEqual(0, scores.BaselineValue);
        Assert.Equal((scored, (double)hits), (scores.Labels.Count, scores.Labels.Hits));
        Assert.Equal(labels, scores.Labels.Log, 1e-9);
    }

    /// <summary>Rows that were committed and read again go on with the same values, bit for bit.</summary>
    [Fact]
    public void Restore_InTheMiddle_GoesOnWithTheSameRows()
    {
        Sent[] sent = Workload();
        using var whole = new Shard(0, new ServingModel(s_model));
        whole.Advance(Batch(sent, 1));
        using var first = new Shard(0, new ServingModel(s_model));
        first.Advance(Batch(sent[..500], 1));
        using ShardCommit commit = first.TakeCommit()!;
        using var next = new Shard(0, new ServingModel(s_model));
        next.Restore(commit.Header);
        for (int i = 0; i < commit.PageCount; i++)
        {
            next.RestorePage(commit.Page(i).Bytes.ToArray());
        }
        next.CheckRestored(commit.Header);

        next.Advance(Batch(sent[500..], 501));

        for (int stream = 0; stream < Streams; stream++)
        {
            Assert.Equal(whole.Find(Key(stream))!.Digest(s_model), next.Find(Key(stream))!.Digest(s_model));
        }
    }

    [Fact]
    public void Advance_OfALabelOfAStreamWithoutEvents_IsADeadLetter()
    {
        using var shard = new Shard(0, new ServingModel(s_model));

        shard.Advance(Batch([new Sent(3, Now, "", 0, 0, "leaves")], 1));

        DeadLetter letter = Assert.Single(shard.UncommittedDeadLetters());
        Assert.Equal(("label", "s3", "leaves"), (letter.Reason, letter.Stream, letter.Mark));
        Assert.Contains("send the stream's events first", letter.Detail);
        Assert.Equal((0, 1), (shard.Counts().Totals.Applied, shard.Counts().Totals.DeadLetters));
        Assert.Equal(1, shard.Position);
    }

    /// <summary>A kind that the model does not know has no probability to be scored by; the record is applied all the same.</summary>
    [Fact]
    public void Advance_OfALabelThatTheModelDoesNotKnow_ScoresNothing()
    {
        using var shard = new Shard(0, new ServingModel(s_model));

        shard.Advance(Batch([new Sent(3, Now, "buy", 1, 2, null), new Sent(3, Now, "", 0, 0, "moves")], 1));

        (_, ShardTotals totals, ScoreTotals scores) = shard.Counts();
        Assert.Equal((2, 0, 0), (totals.Applied, totals.DeadLetters, scores.Labels.Count));
        Assert.Equal(1, shard.Find(Key(3))!.Events);
    }

    [Fact]
    public void LabelTotals_OfManyLabels_KeepTheirMeans()
    {
        var totals = new ScoreTotals(10, -20, 0, 0, 0) { Value = -5, Labels = new LabelTotals(100, 75, -30) };

        ScoreTotals latest = totals.AtMost(50);

        Assert.Equal((10, -20.0, -5.0), (latest.Events, latest.Time, latest.Value));
        Assert.Equal((50, 37.5, -15.0), (latest.Labels.Count, latest.Labels.Hits, latest.Labels.Log));
        Assert.Equal((200, 150.0), ((totals + totals).Labels.Count, (totals + totals).Labels.Hits));
        Assert.Equal(-25, totals.Joint);
    }

    private static byte[] Key(int stream) => Encoding.UTF8.GetBytes($"s{stream}");

    private static Sent[] Workload()
    {
        var random = new RandomStream(77);
        var sent = new List<Sent>();
        var known = new HashSet<int>();
        for (int i = 0; i < Records; i++)
        {
            // A few busy streams, so that a slice has many of their events and labels.
            int stream = i < Streams ? i : random.NextDouble() < 0.5 ? random.NextInt(2) : random.NextInt(Streams);
            bool isLabel = !known.Add(stream) && random.NextDouble() < 0.1;
            sent.Add(new Sent(stream, Now + i * EventTime.PerSecond, random.NextDouble() < 0.5 ? "buy" : "view",
                Math.Exp(random.NextNormal()), random.NextDouble() < 0.5 ? double.NaN : 20 + 5 * random.NextNormal(),
                isLabel ? random.NextDouble() < 0.5 ? "stays" : "leaves" : null));
        }
        return [.. sent];
    }

    private static RecordBatch Batch(Sent[] sent, long first)
    {
        var events = new EventBatch();
        var values = new EventValues();
        var records = new RecordBatch();
        records.Clear(first);
        foreach (Sent record in sent)
        {
            values.Clear();
            Assert.Null(values.TryAdd("unheard-of"u8, 5));
            Assert.Null(double.IsNaN(record.Temp) ? null : values.TryAdd("temp"u8, record.Temp));
            Assert.Null(values.TryAdd("amount"u8, record.Amount));
            Assert.Null(record.Label is { } label
                ? events.TryAddLabel(Key(record.Stream), record.Ticks, Encoding.UTF8.GetBytes(label), [])
                : events.TryAdd(Key(record.Stream), record.Ticks, Encoding.UTF8.GetBytes(record.Mark), [], values.Encoded));
            records.Add(events[events.Count - 1], Now + 1000 * EventTime.PerSecond);
        }
        return records;
    }

    private sealed record Sent(int Stream, long Ticks, string Mark, double Amount, double Temp, string? Label);
}
