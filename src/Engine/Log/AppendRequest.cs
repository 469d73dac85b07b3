using System.Buffers;
using System.Diagnostics;
using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>Where in a request's bytes the records of one partition lie.</summary>
public readonly record struct AppendPart(int Partition, int Offset, int Length, int Count);

/// <summary>One append on its way to the writer: its records sorted by partition, in a buffer of its own.</summary>
/// <remarks>The caller's thread does this work, so that the single writer only joins ready pieces.</remarks>
public sealed class AppendRequest
{
    // What a request costs beside its records: itself, its answer, its place in the queue.
    private const int Overhead = 1024;

    private byte[] _bytes = [];
    private AppendQueue? _queue;
    private CancellationTokenRegistration _caller;

    private AppendRequest(AppendPart[] parts, int accepted)
    {
        (Parts, Accepted) = (parts, accepted);
        Node = new LinkedListNode<AppendRequest>(this);
    }

    /// <summary>Partitions touched.</summary>
    public AppendPart[] Parts { get; }

    /// <summary>Events; 0 for a control record.</summary>
    public int Accepted { get; }

    /// <summary>Idempotency key, or null.</summary>
    public IdempotentRequest? Idempotent { get; private init; }

    /// <summary>The caller's span, when it is sampled.</summary>
    public ActivityContext? Trace { get; private init; }

    /// <summary>Name and value of a control record, or null.</summary>
    public (string Name, string Value)? Control { get; private init; }

    /// <summary>How far a source was read, or null.</summary>
    public SourceAdvance? Source { get; private init; }

    /// <summary>A source's partition to take over, or null.</summary>
    public SourcePartition? Take { get; private init; }

    /// <summary>What <see cref="Take"/> came to, once it is durable.</summary>
    public SourceState? Taken { get; set; }

    /// <summary>Records to remove instead of any to append, or null. Not every log sends this through its queue.</summary>
    public LogTrim? Trim { get; private init; }

    /// <summary>Whether <see cref="Trim"/> left more to remove.</summary>
    public bool HasMore { get; set; }

    /// <summary>The caller's answer, given once the transaction is durable.</summary>
    public TaskCompletionSource<AppendReceipt> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the writer will answer when the transaction is durable: a receipt or a refusal.</summary>
    public AppendReceipt? Receipt { get; set; }

    /// <inheritdoc cref="Receipt"/>
    public Exception? Refusal { get; set; }

    /// <summary>Bytes of all parts.</summary>
    public int Length { get; private init; }

    /// <summary>Memory held until the request is completed, bytes.</summary>
    public long Memory { get; private init; } = Overhead;

    /// <summary>Whether the host itself asks for this, and no client's request.</summary>
    public bool IsOwn => Control is not null || Source is not null || Take is not null || Trim is not null;

    /// <summary>The request's place in its queue.</summary>
    internal LinkedListNode<AppendRequest> Node { get; }

    /// <summary>How far it is; the queue's lock guards it.</summary>
    internal AppendStage Stage { get; set; }

    /// <summary>Records of a part.</summary>
    public ReadOnlySpan<byte> Records(in AppendPart part) => _bytes.AsSpan(part.Offset, part.Length);

    /// <summary>Sorts a batch by partition; the order within a partition stays.</summary>
    public static AppendRequest ForEvents(EventBatch batch, IdempotentRequest? idempotent, int partitionCount, SourceAdvance? source = null)
    {
        int[] partitions = ArrayPool<int>.Shared.Rent(batch.Count);
        var parts = new AppendPart[partitionCount];
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<byte> record = batch[i];
            int p = partitions[i] = EventHubsPartitioner.Partition(new LogRecord(record).Key, partitionCount);
            parts[p] = new AppendPart(p, 0, parts[p].Length + record.Length, parts[p].Count + 1);
        }
        int[] next = new int[partitionCount];
        for (int p = 0, offset = 0; p < partitionCount; offset += parts[p++].Length)
        {
            parts[p] = parts[p] with { Offset = next[p] = offset };
        }
        byte[] bytes = ArrayPool<byte>.Shared.Rent(batch.Records.Length);
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<byte> record = batch[i];
            record.CopyTo(bytes.AsSpan(next[partitions[i]]));
            next[partitions[i]] += record.Length;
        }
        ArrayPool<int>.Shared.Return(partitions);
        return new AppendRequest(Array.FindAll(parts, part => part.Count > 0), batch.Count)
        {
            _bytes = bytes,
            Length = batch.Records.Length,
            Memory = Overhead + bytes.Length + (idempotent?.Payload.Length ?? 0),
            Idempotent = idempotent is null ? null : Copy(idempotent),
            Source = source,
            Trace = Telemetry.Sampled,
        };
    }

    /// <summary>Takes a source's partition over; no records.</summary>
    public static AppendRequest ForTake(SourcePartition partition) => new([], 0) { Take = partition };

    /// <summary>Removes records; appends none.</summary>
    public static AppendRequest ForTrim(LogTrim trim) => new([], 0) { Trim = trim };

    /// <summary>The same control record for every partition.</summary>
    public static AppendRequest ForControl(string name, string value, long timeTicks, int partitionCount)
    {
        byte[] record = ControlRecord.Encode(name, value, timeTicks);
        AppendPart[] parts = [.. Enumerable.Range(0, partitionCount).Select(p => new AppendPart(p, 0, record.Length, 1))];
        return new AppendRequest(parts, 0) { _bytes = record, Length = record.Length, Control = (name, value) };
    }

    /// <summary>Gives the caller the answer, or the failure that kept the transaction from becoming durable.</summary>
    public void Complete(Exception? failure)
    {
        Release();
        _queue?.Leave(Memory);
        if ((failure ?? Refusal) is { } exception)
        {
            Completion.SetException(exception);
        }
        else
        {
            Completion.SetResult(Receipt!);
        }
    }

    /// <summary>Is about to go into a queue, until its caller goes.</summary>
    internal void Join(AppendQueue queue, CancellationToken caller)
    {
        _queue = queue;
        _caller = caller.UnsafeRegister(static (state, token) => ((AppendRequest)state!).Drop(token), this);
    }

    /// <summary>Nothing comes of the request.</summary>
    internal void Abandon(CancellationToken caller)
    {
        Release();
        Completion.TrySetCanceled(caller);
    }

    private void Drop(CancellationToken caller) => _queue!.Drop(this, caller);

    private void Release()
    {
        // Does not wait for a drop that runs at this moment: it finds the request taken, and does nothing.
        _caller.Unregister();
        if (Control is null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
        _bytes = [];
    }

    // The caller's memory may be reused before the writer gets to it.
    private static IdempotentRequest Copy(IdempotentRequest request) =>
        request with { Fingerprint = request.Fingerprint.ToArray(), Payload = request.Payload.ToArray() };
}
