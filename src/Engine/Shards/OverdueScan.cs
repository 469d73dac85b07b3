using System.Text;
using Foretell.Models;

namespace Foretell.Streams;

/// <summary>Finds the streams whose silence is least likely, by looking at every row of some shards.</summary>
/// <param name="model">Model of the rows.</param>
/// <param name="atTicks">Silence counts up to here.</param>
/// <param name="limit">Most streams to keep.</param>
public sealed class OverdueScan(ForecastModel model, long atTicks, int limit)
{
    // Rows copied under one hold of a shard's lock.
    private const int ChunkRows = 128;

    private readonly RowHeader[] _headers = new RowHeader[ChunkRows];
    private readonly float[] _states = new float[ChunkRows * model.StateFloats];

    // The most likely silence is on top: it leaves when a less likely one comes.
    private readonly PriorityQueue<(Shard Shard, int Row, long LastTicks, double LogSurvival), double> _kept = new();

    /// <summary>Looks at the rows of a shard.</summary>
    public void Scan(Shard shard, CancellationToken cancellationToken)
    {
        int rows;
        for (int first = 0; limit > 0 && (rows = shard.CopyRows(first, _headers, _states)) > 0; first += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < rows; i++)
            {
                long last = _headers[i].LastEventTicks;
                double logSurvival = model.LogSurvival(_states.AsSpan(i * model.StateFloats, model.StateFloats), Silence(last));
                if (_kept.Count < limit)
                {
                    _kept.Enqueue((shard, first + i, last, logSurvival), -logSurvival);
                }
                else if (logSurvival < _kept.Peek().LogSurvival)
                {
                    _kept.EnqueueDequeue((shard, first + i, last, logSurvival), -logSurvival);
                }
            }
        }
    }

    /// <summary>What was found, least likely silence first.</summary>
    public IReadOnlyList<OverdueStream> Result() =>
    [
        .. _kept.UnorderedItems
            .Select(item => item.Element)
            .Select(e => new OverdueStream(Encoding.UTF8.GetString(e.Shard.KeyOf(e.Row)), e.LastTicks, Silence(e.LastTicks), e.LogSurvival))
            .OrderBy(stream => stream.LogSurvival).ThenBy(stream => stream.Stream, StringComparer.Ordinal),
    ];

    private double Silence(long lastTicks) => Math.Max(0, EventTime.SecondsBetween(lastTicks, atTicks));
}
