using Foretell.Models.Numerics;

namespace Foretell.Models.Monitoring;

/// <summary>Finds a lasting change of a stream's negative log-likelihood: two one-sided cumulative sums over block means. 20
/// bytes.</summary>
/// <remarks>
/// Blocks of 32 events (batch means: an event depends on the one before it, a block hardly does) are compared with the
/// blocks before them: t = (mean - reference mean) / standard error, turned into a normal score (Wallace, Annals of
/// Mathematical Statistics 30, 1959), so that the first few blocks are judged as rightly as later ones: a self-starting
/// chart (Hawkins, The Statistician 36, 1987). A score counts for at most 2.5, so no single event and no single block
/// can raise an alarm. The sums are Page's (Biometrika 41, 1954) with the mean estimated on the way, as in Hinkley's
/// test (Biometrika 58, 1971): up = max(0, up + score - 0.35), down likewise with the sign turned, alarm above 17.5.
/// Rate of false alarms and delay: docs/models.md, "Drift"; held by DriftDetectorTests.
/// </remarks>
public struct DriftDetector
{
    /// <summary>Events in a block.</summary>
    public const int BlockEvents = 32;

    // The first blocks show a model that still gets to know its stream.
    private const int WarmUpBlocks = 2;

    // The reference forgets beyond this many blocks (8,192 events), or it would harden.
    private const int ReferenceBlocks = 256;

    // A shift is found where it exceeds the allowance, in deviations of a block: bursts leave a doubled rate little more than twice this.
    private const double Allowance = 0.35, Threshold = 17.5, LargestScore = 2.5;

    // A change of a block's mean by less than this many nats matters to nobody, however regular the stream.
    private const double LeastDeviation = 0.05;

    // Blocks from which on one that lies far out enters the reference at the largest score's distance only.
    private const int TrustedBlocks = 8;

    private const double LargestNll = 100;

    private float _sum, _mean, _variance;
    private Half _up, _down;
    private uint _events;

    /// <summary>Events since the last alarm, or since the first event; stays near 2^32 once there.</summary>
    public readonly uint Events => _events;

    /// <summary>Takes an event's negative log-likelihood.</summary>
    /// <param name="nll">Nats; counts for at most 100 either way.</param>
    /// <returns>Whether the stream is found changed. The detector has begun anew then.</returns>
    public bool Add(double nll)
    {
        _sum += (float)Math.Clamp(nll, -LargestNll, LargestNll);
        // Where the count is full it goes back by one block, so that blocks go on ending.
        _events = _events == uint.MaxValue ? _events - BlockEvents + 1 : _events + 1;
        if (_events % BlockEvents != 0)
        {
            return false;
        }
        double mean = _sum / BlockEvents;
        _sum = 0;
        bool changed = AddBlock(mean, (int)Math.Min(_events / BlockEvents, WarmUpBlocks + ReferenceBlocks + 1) - WarmUpBlocks - 1);
        if (changed)
        {
            this = default;
        }
        return changed;
    }

    /// <param name="mean">Mean of the block.</param>
    /// <param name="before">Blocks that the reference holds.</param>
    private bool AddBlock(double mean, int before)
    {
        if (before < 0)
        {
            return false;
        }
        double off = mean - _mean;
        if (before >= 2)
        {
            double error = Math.Sqrt(Math.Max(_variance, LeastDeviation * LeastDeviation) * (1 + 1.0 / before));
            double score = Math.Clamp(NormalScore(off / error, before - 1), -LargestScore, LargestScore);
            double up = Math.Max(0, (double)_up + score - Allowance), down = Math.Max(0, (double)_down - score - Allowance);
            (_up, _down) = ((Half)up, (Half)down);
            if (up > Threshold || down > Threshold)
            {
                return true;
            }
            double far = before < TrustedBlocks ? double.MaxValue : LargestScore * error;
            off = Math.Clamp(off, -far, far);
        }
        // Mean and sample variance of all blocks so far; beyond the reference's length the weights stay, and older blocks fade.
        int blocks = Math.Min(before + 1, ReferenceBlocks);
        _mean = (float)(_mean + off / blocks);
        if (blocks > 1)
        {
            _variance = (float)(_variance + (off * off * (1 - 1.0 / blocks) - _variance) / (blocks - 1));
        }
        return false;
    }

    /// <summary>The normal deviate that is as far out as t with some degrees of freedom, within 0.03 of it.</summary>
    private static double NormalScore(double t, int freedom)
    {
        double size = (8 * freedom + 1) / (8.0 * freedom + 3) * Math.Sqrt(freedom * VectorMath.Log(1 + t * t / freedom));
        return t < 0 ? -size : size;
    }
}
