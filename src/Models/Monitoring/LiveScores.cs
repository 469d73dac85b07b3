using System.Runtime.InteropServices;
using Foretell.Models.Stepping;

namespace Foretell.Models.Monitoring;

/// <summary>How well the forecasts of one stream have done, kept with its row. 36 bytes, all zero before the first score
/// (docs/formats.md).</summary>
/// <remarks>A function of the stream's scores in their order, without the platform's mathematics: the same bits whatever the
/// batch, host or restart.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 4, Size = Bytes)]
public struct LiveScores
{
    /// <summary>Size.</summary>
    public const int Bytes = 36;

    /// <summary>Events after which an old score weighs half of a new one, in <see cref="Nll"/> and <see cref="BaselineNll"/>.</summary>
    public const int HalfLife = 50;

    // 1 - 2^(-1 / HalfLife).
    private const double Forgetting = 0.013767195;

    private float _nll, _baselineNll, _lastPValue;
    private DriftDetector _drift;
    private ushort _alarms, _events;

    /// <summary>Scored events, 65,535 when there are more; every event but a stream's first has a score.</summary>
    public readonly int Events => _events;

    /// <summary>
    /// Prequential negative log-likelihood of gap, mark and values, nats an event: the mean of the first 72 scores, from then on
    /// with a half-life of 50 events. Source: Dawid, JRSS A 147, 1984; the forgetting: Gama, Sebastiao, Rodrigues, Machine
    /// Learning 90, 2013.
    /// </summary>
    public readonly double Nll => _nll;

    /// <summary>The same under the history-free baseline.</summary>
    public readonly double BaselineNll => _baselineNll;

    /// <summary>Surprise of the last event (<see cref="StepScore.PValue"/>).</summary>
    public readonly double LastPValue => _lastPValue;

    /// <summary>How often the stream was found changed, 65,535 when more often.</summary>
    public readonly int DriftAlarms => _alarms;

    /// <summary>Scored events since the last time; null when it never was.</summary>
    public readonly uint? EventsSinceDrift => _alarms == 0 ? null : _drift.Events;

    /// <summary>Takes the score of the stream's next event.</summary>
    /// <returns>Whether the stream is found changed (<see cref="DriftDetector"/>).</returns>
    public bool Add(in StepScore score)
    {
        _events += _events < ushort.MaxValue ? (ushort)1 : (ushort)0;
        double weight = Math.Max(Forgetting, 1.0 / _events), nll = -((double)score.Time + score.Mark + score.Value);
        _nll = (float)(_nll + weight * (nll - _nll));
        double baseline = -((double)score.BaselineTime + score.BaselineMark + score.BaselineValue);
        _baselineNll = (float)(_baselineNll + weight * (baseline - _baselineNll));
        _lastPValue = score.PValue;
        bool changed = _drift.Add(nll);
        _alarms += changed && _alarms < ushort.MaxValue ? (ushort)1 : (ushort)0;
        return changed;
    }
}
