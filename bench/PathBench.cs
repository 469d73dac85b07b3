using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;

namespace Foretell.Bench;

/// <summary>The whole way of an event in the embedded host: append, read, score, step, commit.</summary>
internal static class PathBench
{
    private const int BatchSize = 5000;

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
        var options =
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(folder, 4), Model = ForecastModel.Untrained(StepBench.Config(64, 2), 1) };
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options))
        {
            await platform.Ready;
            int round = 0;
            await Meter.RateAsync("d=64 L=2, 4 partitions, applied", async () =>
            {
                EventBatch batch = AppendBench.Events(BatchSize, ++round, (long)round * BatchSize * EventTime.PerSecond);
                AppendReceipt receipt = await platform.AppendAsync(batch, null, CancellationToken.None);
                await platform.WaitAppliedAsync(receipt.Position, CancellationToken.None);
                return BatchSize;
            });
        }
        Directory.Delete(folder, recursive: true);
    }
}
