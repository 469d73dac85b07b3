using Foretell.Engine.Events;

namespace Foretell.Hosting;

/// <content>Retention: removes old records from the log, always behind what the store is known to keep.</content>
public sealed partial class PartitionHost
{
    // Retention is told in hours and days: a look a minute costs nothing and follows closely.
    internal static readonly TimeSpan TrimInterval = TimeSpan.FromMinutes(1);

    private long _secured;

    /// <summary>Trims every minute until told to stop. Returns at once where the log keeps every record.</summary>
    private async Task TrimLoopAsync(CancellationToken stop)
    {
        if (_options.Retain is not { } retain)
        {
            return;
        }
        await Ready.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stop.IsCancellationRequested && Shard.Fenced is null)
        {
            await Task.Delay(TrimInterval, _options.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await TrimAsync(retain, stop);
        }
    }

    /// <summary>Removes the records that are older than the retention, up to the position that the store was found to keep at the call
    /// before this one. A failure is told, and stops nothing else.</summary>
    /// <remarks>From then on the store is the only copy of what they made. So its position counts only once it was made safe and
    /// read back, and only a round later: a disk that forgets its last commits finds them in the log.</remarks>
    internal async Task TrimAsync(TimeSpan retain, CancellationToken stop)
    {
        if (stop.IsCancellationRequested || Shard.Fenced is not null || _log.Lost is not null)
        {
            return;
        }
        try
        {
            int partition = Shard.Partition;
            long before = EventTime.FromDateTimeOffset(_options.Time.GetUtcNow()) - retain.Ticks;
            long secured = await _store.SecureAsync(partition, stop), upTo = _secured;
            if (secured < upTo)
            {
                throw new InvalidDataException($"its store reflects record {secured}, and a minute ago it reflected record {upTo}");
            }
            _secured = secured;
            while (await _log.TrimAsync(partition, upTo, before, stop) && !stop.IsCancellationRequested)
            {
                // One piece after the other: the log puts appends in between.
            }
            _trimming.IsOver();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception e)
        {
            _trimming.Is($"The log keeps what is older than its retention in partition {Shard.Partition}, since it cannot be trimmed: {e.Message}");
        }
    }
}
