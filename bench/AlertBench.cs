using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;
using Foretell.Stores.Postgres;

namespace Foretell.Bench;

/// <summary>What watching for overdue streams costs an event in the shard: 100,000 streams in random order, events of now or of
/// last year.</summary>
internal static class AlertBench
{
    private const int Seed = 1, Streams = 100_000, BatchSize = 4096;
    private static readonly ForecastModel s_model = ForecastModel.Untrained(StepBench.Config(64, 2), Seed);

    public static async Task RunAsync()
    {
        foreach ((string name, AlertRule rule, TimeSpan age) in new[]
        {
            ("no alerts", AlertRule.Off, TimeSpan.Zero),
            ("alerts", new AlertRule(), TimeSpan.Zero),
            ("alerts, events of last year", new AlertRule(), TimeSpan.FromDays(365)),
            ("no alerts, again", AlertRule.Off, TimeSpan.Zero),
        })
        {
            await AdvanceAsync(name, rule, age);
        }
        await BoundsAsync();
    }

    /// <summary>Records come at 500,000 a second of their own time, so that a tick is looked at as often as a live host would at
    /// that pace.</summary>
    private static async Task AdvanceAsync(string name, AlertRule rule, TimeSpan age)
    {
        const long ticksPerEvent = EventTime.PerSecond / 500_000;
        using var shard = new Shard(0, new ServingModel(s_model), rule);
        var random = new RandomStream(Seed);
        var records = new RecordBatch();
        var batch = new EventBatch();
        var alerts = new List<Alert>();
        byte[][] keys = [.. Enumerable.Range(0, Streams).Select(i => Encoding.UTF8.GetBytes($"stream-{i}"))];
        byte[][] marks = [.. Enumerable.Range(0, 10).Select(i => Encoding.UTF8.GetBytes($"mark-{i}"))];
        long now = 1_700_000_000L * EventTime.PerSecond, looked = now, raised = 0;
        await Meter.RateAsync($"advance, {name}", () =>
        {
            records.Clear(shard.Position + 1);
            batch.Clear();
            for (int i = 0; i < BatchSize; i++)
            {
                now += ticksPerEvent;
                batch.TryAdd(keys[random.NextInt(Streams)], now - age.Ticks, marks[i % marks.Length], []);
                records.Add(batch[i], now);
            }
            shard.Advance(records);
            if (now - looked >= rule.Tick.Ticks)
            {
                shard.RaiseAlerts(now, true, alerts);
                (looked, raised) = (now, raised + alerts.Count);
                alerts.Clear();
            }
            return BatchSize;
        });
        if (raised > 0)
        {
            Console.WriteLine($"  {raised} alerts");
        }
    }

    /// <summary>The bounds alone: of rows that lie in the cache, as right after a step, and of rows in random order, as after a
    /// restart.</summary>
    private static async Task BoundsAsync()
    {
        using IStateBackend backend = new CpuStateBackend(s_model);
        backend.EnsureCapacity(Streams);
        using var bounds = new SilenceBounds(s_model, new AlertRule().Survival);
        int[] rows = [.. Enumerable.Range(0, Streams)];
        new RandomStream(Seed).Shuffle<int>(rows);
        double[] low = new double[Streams], high = new double[Streams];
        await Meter.RateAsync("bounds, 256 rows over and over", () =>
        {
            bounds.Compute(backend, rows.AsSpan(0, 256), low, high);
            return 256;
        });
        await Meter.RateAsync("bounds, random rows", () =>
        {
            bounds.Compute(backend, rows, low, high);
            return Streams;
        });
    }
}
