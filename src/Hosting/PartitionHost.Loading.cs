using Foretell.Engine;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Microsoft.Extensions.Logging;

namespace Foretell.Hosting;

/// <content>Taking the partition, and loading its rows from the store.</content>
public sealed partial class PartitionHost
{
    /// <summary>Takes the partition and loads its rows; afterwards the shard can be fed. Waits for a log or store that is away.</summary>
    /// <exception cref="InvalidDataException">The store is not this log's or this model's.</exception>
    /// <exception cref="StoreDamagedException">The store is damaged.</exception>
    internal async Task LoadAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await TryLoadAsync(stop);
                _loading.IsOver();
                if (_ready.TrySetResult())
                {
                    LogServed(Shard.Partition, Epoch, Shard.Position, Shard.Counts().Streams);
                }
                return;
            }
            catch (PlatformUnavailableException e) when (Shard.Fenced is null)
            {
                _loading.Is(e.Message);
                await Task.Delay(s_retryDelay, _options.Time, stop);
            }
        }
    }

    private async Task RunLoadAsync()
    {
        try
        {
            await LoadAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _ready.TrySetCanceled(_stop.Token);
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }

    private async Task TryLoadAsync(CancellationToken stop)
    {
        // Where the log begins may be news from another process.
        await _log.RefreshAsync(stop);
        // The epoch first: from here on no older owner can change what is about to be read.
        long asked = _options.Time.GetTimestamp();
        ShardHeader? header;
        try
        {
            Volatile.Write(ref _epoch, await _store.TakeEpochAsync(Shard.Partition, stop));
            _lease.Renew(asked);
            header = await _store.ReadHeaderAsync(Shard.Partition, stop);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
        if (_log.Trimmed(Shard.Partition) is var trimmed && (header?.Position ?? 0) < trimmed)
        {
            // What lies between the rows and the log's first record is lost: shown as if it had never been, it would be a wrong answer.
            throw Damaged(new InvalidDataException(header is null ? "it has no rows"
                : $"it reflects record {header.Position}, and the log begins at record {trimmed + 1}"));
        }
        if (header is not null)
        {
            await LoadRowsAsync(header, stop);
            _calibration = header.Calibration;
            Committed.Publish(header.Position);
            Applied.Publish(header.Position);
        }
    }

    private async Task LoadRowsAsync(ShardHeader header, CancellationToken stop)
    {
        if (await LogEndAsync(header.Position, stop) is var end && end < header.Position)
        {
            throw new InvalidDataException($"Partition {Shard.Partition}'s store reflects record {header.Position}, but its log ends at "
                + $"record {end}. Log and stores belong together: restore them from the same copy.");
        }
        Shard.Restore(header);
        try
        {
            await foreach (Memory<byte> page in _store.ReadPagesAsync(Shard.Partition, stop))
            {
                Shard.RestorePage(page.Span);
            }
            Shard.CheckRestored(header);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
    }

    private StoreDamagedException Damaged(InvalidDataException cause) => new(Shard.Partition, cause, _log.Trimmed(Shard.Partition));

    /// <summary>Where the log ends; asked anew where it would end before a record.</summary>
    private async Task<long> LogEndAsync(long atLeast, CancellationToken stop)
    {
        if (_log.End(Shard.Partition).Sequence < atLeast)
        {
            // Another process may have appended what this one has not heard of yet.
            await _log.RefreshAsync(stop);
        }
        return _log.End(Shard.Partition).Sequence;
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Partition {Partition} is served here: epoch {Epoch}, position {Sequence}, {Streams} streams.")]
    private partial void LogServed(int partition, long epoch, long sequence, int streams);
}
