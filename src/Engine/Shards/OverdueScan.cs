using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Models.Forecasting;

namespace Foretell.Engine.Shards;

/// <summary>Finds the streams whose silence is least likely, by looking at every row of some shards.</summary>
/// <param name="forecaster">Forecasts from the rows.</param>
/// <param name="atTicks">Silence counts up to here.</param>
/// <param name="limit">Most streams to keep.</param>
public sealed class OverdueScan(Forecaster forecaster, long atTicks, int limit)
{
    // Rows copied under one hold of a shard's lock.
    private const int ChunkRows = 256;

    private readonly int _width = forecaster.Model.Config.Width;
    private readonly long[] _last = new long[ChunkRows];
    private readonly float[] _hidden = new float[ChunkRows * forecaster.Model.Config.Width];
    private readonly double[] _silence = new double[ChunkRows], _logSurvival = new double[ChunkRows];

    // The most likely silence is on top: it leaves when a less likely one comes.
    private readonly PriorityQueue<(Shard Shard, int Row, long LastTicks, double LogSurvival), double> _kept = new();

    /// <summary>Looks at the rows of a shard.</summary>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public void Scan(Shard shard, CancellationToken cancellationToken)
    {
        int rows;
        for (int first = 0; limit > 0 && (rows = shard.CopyHidden(first, _last, _hidden)) > 0; first += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < rows; i++)
            {
                _silence[i] = Silence(_last[i]);
            }
            forecaster.LogSurvivals(_hidden.AsSpan(0, rows * _width), _silence.AsSpan(0, rows), _logSurvival.AsSpan(0, rows));
            for (int i = 0; i < rows; i++)
            {
                if (_kept.Count < limit)
                {
                    _kept.Enqueue((shard, first + i, _last[i], _logSurvival[i]), -_logSurvival[i]);
                }
                else if (_logSurvival[i] < _kept.Peek().LogSurvival)
                {
                    _kept.EnqueueDequeue((shard, first + i, _last[i], _logSurvival[i]), -_logSurvival[i]);
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
