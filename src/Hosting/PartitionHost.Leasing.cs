using Foretell.Engine;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;

namespace Foretell.Hosting;

/// <content>The lease: the right to answer, which ends unless the store confirms the epoch (law 3).</content>
public sealed partial class PartitionHost
{
    /// <summary>Keeps the lease alive until told to stop, or until a newer owner is found. Returns at once without a lease.</summary>
    internal async Task RenewLoopAsync(CancellationToken stop)
    {
        if (_options.Lease is not { } lease)
        {
            return;
        }
        // Until the rows are loaded there is nothing to answer, and a failed load takes a new epoch.
        await Ready.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stop.IsCancellationRequested)
        {
            FenceIfLogIsLost();
            await RenewAsync(lease, stop);
            if (Shard.Fenced is not null)
            {
                return;
            }
            await Task.Delay(lease / 3, _options.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RenewAsync(TimeSpan lease, CancellationToken stop)
    {
        long asked = _options.Time.GetTimestamp();
        try
        {
            // A question that takes longer than the lease is of no use any more.
            using var patience = new CancellationTokenSource(lease, _options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
            long newest = await _store.ReadEpochAsync(Shard.Partition, either.Token);
            if (newest != _epoch)
            {
                Fence(new StaleEpochException(Shard.Partition, _epoch, newest));
                return;
            }
            _lease.Renew(asked);
            _renewing.IsOver();
        }
        catch (Exception e) when (e is PlatformUnavailableException or OperationCanceledException)
        {
            if (!stop.IsCancellationRequested)
            {
                _renewing.Is($"Partition {Shard.Partition} cannot renew its lease: {e.Message}");
            }
        }
        catch (Exception e)
        {
            Fence(e);
        }
    }

    private void ThrowIfLeaseIsOver()
    {
        if (!_lease.IsValid)
        {
            throw new PlatformUnavailableException(
                $"Partition {Shard.Partition} cannot prove that it is still owned here: the store has not confirmed it in time.");
        }
    }
}
