using Foretell.Grains.Contracts;
using Orleans.Runtime;

namespace Foretell.Faults.Worlds.Cluster;

/// <summary>A partition's owner as its reader sees it, whoever that is, on the other side of the fabric.</summary>
internal sealed class ShardAddress(Fabric fabric, Func<PartitionOwner> find) : IShardGrain
{
    /// <inheritdoc/>
    public Task<ReaderAnswer> Resume() => CallAsync(owner => owner.ResumeAsync());

    /// <inheritdoc/>
    public Task<ReaderAnswer> Apply(ReaderBatch batch) => CallAsync(owner => owner.ApplyAsync(batch));

    public Task<StreamState?> Find(string stream) => throw new NotSupportedException();
    public Task<OverdueRow[]> Overdue(long atTicks, int limit) => throw new NotSupportedException();
    public Task<OverdueRow[]> Overdue(OverdueRequest request) => throw new NotSupportedException();
    public Task<DeadLetterRow[]> DeadLetters(int limit) => throw new NotSupportedException();
    public Task<byte[]> Calibration() => throw new NotSupportedException();
    public Task<DigestPage> Digests(int first) => throw new NotSupportedException();
    public Task<ShardStatus> Status() => throw new NotSupportedException();
    public Task<ShardStatus> WaitApplied(long sequence) => throw new NotSupportedException();
    public Task<Subscribed> Subscribe(string stream, string gateway) => throw new NotSupportedException();
    public Task Move(SiloAddress target) => throw new NotSupportedException();

    private Task<ReaderAnswer> CallAsync(Func<PartitionOwner, Task<ReaderAnswer>> call)
    {
        // Whoever is asked now is asked, though another may be the owner when the call arrives.
        PartitionOwner owner = find();
        return fabric.CallAsync(() => !owner.Worker.IsDead, () => !owner.Worker.IsDead && !owner.Worker.IsUnheardByReaders, () => call(owner));
    }
}
