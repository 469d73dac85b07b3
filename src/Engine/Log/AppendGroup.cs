using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>Appends that share a transaction (group commit). Reusable: <see cref="Complete"/> keeps the memory. Not thread-safe.</summary>
public sealed class AppendGroup
{
    private readonly List<AppendRequest> _requests = [];
    private readonly List<int> _touched = [];
    private readonly SegmentBuffer[] _segments;

    /// <param name="partitionCount">Partitions of the log.</param>
    public AppendGroup(int partitionCount) => _segments = [.. Enumerable.Range(0, partitionCount).Select(_ => new SegmentBuffer())];

    /// <summary>The appends, in the order they came.</summary>
    public IReadOnlyList<AppendRequest> Requests => _requests;

    /// <summary>Bytes of all appends.</summary>
    public int Bytes { get; private set; }

    /// <summary>Partitions that get records.</summary>
    public IReadOnlyList<int> Touched => _touched;

    /// <summary>What a partition gets.</summary>
    public SegmentBuffer this[int partition] => _segments[partition];

    /// <summary>Takes one more append into the group.</summary>
    public void Add(AppendRequest request)
    {
        _requests.Add(request);
        Bytes += request.Length;
    }

    /// <summary>Numbers the records behind their partitions' ends and makes the receipts. Repeats get their first receipt, and no
    /// records.</summary>
    /// <param name="memory">Keys and control records of earlier appends.</param>
    /// <param name="nowTicks">Append time of the group.</param>
    public void Admit(IAppendMemory memory, long nowTicks)
    {
        foreach (AppendRequest request in _requests)
        {
            Admit(memory, request, nowTicks);
        }
    }

    /// <summary>Answers every caller and empties the group.</summary>
    /// <param name="failure">Why the transaction did not become durable, or null.</param>
    public void Complete(Exception? failure)
    {
        foreach (AppendRequest request in _requests)
        {
            request.Complete(failure);
        }
        foreach (int partition in _touched)
        {
            _segments[partition].Clear();
        }
        _requests.Clear();
        _touched.Clear();
        Bytes = 0;
    }

    private void Admit(IAppendMemory memory, AppendRequest request, long now)
    {
        if (request.Control is { } control)
        {
            if (memory.FindControl(control.Name) == control.Value)
            {
                request.Receipt = new AppendReceipt(0, Position.None, Replayed: true, default);
                return;
            }
            memory.PutControl(control.Name, control.Value);
        }
        if (request.Take is { } partition)
        {
            SourceState held = memory.FindSource(partition);
            memory.PutSource(partition, request.Taken = held with { Epoch = held.Epoch + 1 });
            request.Receipt = new AppendReceipt(0, Position.None, Replayed: false, default);
            return;
        }
        if (request.Source is { } source)
        {
            SourceState held = memory.FindSource(source.Partition);
            if (held.Epoch != source.Epoch || held.Number != source.After)
            {
                request.Refusal = new SourceTakenException(source, held);
                return;
            }
            memory.PutSource(source.Partition, new SourceState(source.Epoch, source.Number, source.Identity));
        }
        if (request.Idempotent is { } repeated)
        {
            try
            {
                request.Receipt = memory.FindRequest(repeated, now);
            }
            catch (IdempotencyConflictException e)
            {
                request.Refusal = e;
            }
            if (request.Receipt is not null || request.Refusal is not null)
            {
                return;
            }
        }
        var reached = new (int, long)[request.Parts.Length];
        for (int i = 0; i < reached.Length; i++)
        {
            AppendPart part = request.Parts[i];
            SegmentBuffer segment = _segments[part.Partition];
            if (segment.Count == 0)
            {
                _touched.Add(part.Partition);
            }
            segment.Add(request.Records(part), part.Count, request.Control is null ? part.Count : 0, request.Trace);
            reached[i] = (part.Partition, segment.End.Sequence + segment.Count);
        }
        request.Receipt =
            new AppendReceipt(request.Accepted, new Position(reached), Replayed: false, request.Idempotent?.Payload ?? default);
        if (request.Idempotent is { } first)
        {
            memory.PutRequest(first, request.Receipt, now);
        }
    }
}
