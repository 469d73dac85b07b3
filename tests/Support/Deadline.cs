using Foretell.Engine.Events;
using Foretell.Engine.Shards;
using Foretell.Models.Forecasting;

namespace Foretell.Support;

/// <summary>When a stream of the small model is overdue.</summary>
public static class Deadline
{
    /// <summary>Seconds after the first event of a stream, a "view", at which it is overdue.</summary>
    /// <param name="survival">Survival probability of the alerts' rule.</param>
    public static double Seconds(double survival)
    {
        using var shard = new Shard(0, Small.Serving);
        var batch = new RecordBatch();
        batch.Clear(1);
        batch.Add(EventSets.Batch(("any", EventTime.PerSecond, "view"))[0], EventTime.PerSecond);
        shard.Advance(batch);
        return new Forecaster(Small.Model).Forecast(shard.Current("any")!.State, 0).Quantile(1 - survival);
    }
}
