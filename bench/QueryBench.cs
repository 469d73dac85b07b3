using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Bench;

/// <summary>What a question about one stream costs in its shard: finding the row, and a forecast from it, of 10,000 streams in
/// random order.</summary>
internal static class QueryBench
{
    private const int Seed = 1, Streams = 10_000, Questions = 256;

    public static async Task RunAsync()
    {
        var model = new ServingModel(ForecastModel.Untrained(StepBench.Config(64, 2), Seed));
        using var shard = new Shard(0, model);
        byte[][] keys = [.. Enumerable.Range(0, Streams).Select(i => Encoding.UTF8.GetBytes($"stream-{i}"))];
        shard.Advance(First(keys));
        var random = new RandomStream(Seed);
        await Meter.RateAsync("find", () =>
        {
            for (int i = 0; i < Questions; i++)
            {
                shard.Find(keys[random.NextInt(Streams)]);
            }
            return Questions;
        });
        await Meter.RateAsync("find, and the forecast's closed forms", () =>
        {
            for (int i = 0; i < Questions; i++)
            {
                Forecast forecast = model.Forecaster.Forecast(shard.Find(keys[random.NextInt(Streams)])!.State, 60);
                forecast.Quantile(0.5);
            }
            return Questions;
        });
    }

    /// <summary>One event of each stream.</summary>
    private static RecordBatch First(byte[][] keys)
    {
        const long Now = 1_700_000_000L * EventTime.PerSecond;
        var batch = new EventBatch();
        var records = new RecordBatch();
        records.Clear(1);
        for (int i = 0; i < keys.Length; i++)
        {
            batch.TryAdd(keys[i], Now, "mark-1"u8, []);
            records.Add(batch[i], Now);
        }
        return records;
    }
}
