using System.Text;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Models.Forecasting;

namespace Foretell.Engine.Shards;

/// <summary>Finds the streams whose silence is least likely, by looking at every row of some shards.</summary>
/// <param name="forecaster">Forecasts from the rows.</param>
/// <param name="question">Which streams are asked for.</param>
public sealed class OverdueScan(Forecaster forecaster, OverdueQuestion question)
{
    // Rows copied under one hold of a shard's lock.
    private const int ChunkRows = 256;

    private static readonly double s_surelyGone = Math.Log(OverdueQuestion.SurelyGone / (1 - OverdueQuestion.SurelyGone));

    private readonly int _width = forecaster.Model.BasisFloats;
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(question.Prefix);
    private readonly int[] _rows = new int[ChunkRows];
    private readonly long[] _last = new long[ChunkRows];
    private readonly float[] _bases = new float[ChunkRows * forecaster.Model.BasisFloats];
    private readonly double[] _silence = new double[ChunkRows], _logSurvival = new double[ChunkRows], _neverLogit = new double[ChunkRows];

    // The most likely silence is on top: it leaves when a less likely one comes.
    private readonly PriorityQueue<(Shard Shard, int Row, long LastTicks, double LogSurvival), double> _kept = new();

    /// <summary>Looks at the rows of a shard.</summary>
    /// <exception cref="PlatformUnavailableException">The shard is fenced.</exception>
    public void Scan(Shard shard, CancellationToken cancellationToken)
    {
        int rows;
        for (int first = 0; question.Limit > 0 && (rows = shard.CopyBases(first, _last, _bases)) > 0; first += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int asked = KeepAsked(shard, first, rows);
            forecaster.LogSurvivals(_bases.AsSpan(0, asked * _width), _silence.AsSpan(0, asked), _logSurvival.AsSpan(0, asked),
                _neverLogit.AsSpan(0, asked));
            for (int i = 0; i < asked; i++)
            {
                if (!question.WithGone && _neverLogit[i] > s_surelyGone)
                {
                    continue;
                }
                if (_kept.Count < question.Limit)
                {
                    _kept.Enqueue((shard, _rows[i], _last[i], _logSurvival[i]), -_logSurvival[i]);
                }
                else if (_logSurvival[i] < _kept.Peek().LogSurvival)
                {
                    _kept.EnqueueDequeue((shard, _rows[i], _last[i], _logSurvival[i]), -_logSurvival[i]);
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

    /// <summary>Moves the rows that are asked for to the front of the chunk.</summary>
    /// <returns>How many they are.</returns>
    private int KeepAsked(Shard shard, int first, int rows)
    {
        int asked = 0;
        for (int i = 0; i < rows; i++)
        {
            if (_last[i] <= question.NewerThanTicks || (_prefix.Length > 0 && !shard.KeyOf(first + i).AsSpan().StartsWith(_prefix)))
            {
                continue;
            }
            if (asked < i)
            {
                _last[asked] = _last[i];
                _bases.AsSpan(i * _width, _width).CopyTo(_bases.AsSpan(asked * _width));
            }
            (_rows[asked], _silence[asked]) = (first + i, Silence(_last[i]));
            asked++;
        }
        return asked;
    }

    private double Silence(long lastTicks) => Math.Max(0, EventTime.SecondsBetween(lastTicks, question.AtTicks));
}
