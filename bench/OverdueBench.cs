using System.Diagnostics;
using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Bench;

/// <summary>The 20 most overdue of 500,000 streams, a day after their last events: every row is looked at.</summary>
internal static class OverdueBench
{
    private const int Seed = 1, Streams = 500_000, EventsPerStream = 3, Rounds = 5, Limit = 20;

    public static Task RunAsync()
    {
        var model = new ServingModel(ForecastModel.Untrained(StepBench.Config(64, 2), Seed));
        using var shard = new Shard(0, model);
        long now = 1_700_000_000L * EventTime.PerSecond;
        var random = new RandomStream(Seed);
        var batch = new EventBatch();
        var records = new RecordBatch();
        for (int sent = 0; sent < Streams * EventsPerStream; sent += records.Count)
        {
            batch.Clear();
            records.Clear(shard.Position + 1);
            for (int i = 0; i < 4096; i++)
            {
                now += (long)(EventTime.PerSecond * random.NextDouble() / 10);
                batch.TryAdd(Encoding.UTF8.GetBytes($"stream-{(sent + i) % Streams}"), now,
                    Encoding.UTF8.GetBytes($"mark-{random.NextInt(10)}"), []);
                records.Add(batch[i], now);
            }
            shard.Advance(records);
        }
        var times = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            long started = Stopwatch.GetTimestamp();
            var scan = new OverdueScan(model.Forecaster, new OverdueQuestion(now + TimeSpan.TicksPerDay, Limit));
            scan.Scan(shard, CancellationToken.None);
            scan.Result();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        Console.WriteLine(FormattableString.Invariant(
            $"overdue, {shard.Counts().Streams:N0} streams: the first time {times[0]:N0} ms, then {times[1..].Min():N0} to {times[1..].Max():N0} ms"));
        return Task.CompletedTask;
    }
}
