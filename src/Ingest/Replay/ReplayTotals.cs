using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Replay;

/// <summary>Running sums of a replay.</summary>
internal sealed class ReplayTotals
{
    private const int ShownRejections = 10;

    private readonly List<Rejection> _rejections = [];
    private readonly Dictionary<int, long> _position = [];
    private long _sent;
    private long _accepted;
    private long _rejected;
    private int _batches;
    private int _replayed;
    private long _eventTicks;

    /// <summary>Attempts that failed and were repeated.</summary>
    public int Retries { get; set; }

    public void Add(ReplayRequest request, ReplayResponse response, bool replayed)
    {
        _sent += request.Events;
        _accepted += response.Accepted;
        _rejected += response.RejectedTotal ?? response.Rejected.Count;
        _batches++;
        _replayed += replayed ? 1 : 0;
        _eventTicks = request.DueTicks;
        _rejections.AddRange(response.Rejected.Take(ShownRejections - _rejections.Count)
            .Select(r => r with { Index = checked((int)(request.FirstEvent + r.Index)) }));
        // An answer's position names the partitions that it touched; the replay's is the furthest of each.
        if (Position.TryParse(response.Position, out Position position))
        {
            foreach ((int partition, long sequence) in position.Parts)
            {
                _position[partition] = Math.Max(sequence, _position.GetValueOrDefault(partition));
            }
        }
    }

    public ReplayProgress Progress(string? trouble) => new(_sent, _accepted, _rejected, _eventTicks, trouble);

    public ReplaySummary Summary(TimeSpan elapsed) => new(_sent, _accepted, _rejected, _rejections, _batches, _replayed, Retries,
        new Position([.. _position.Select(p => (p.Key, p.Value))]).ToString(), elapsed);
}
