using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>One value under its whole predictive distribution: mixture and tail.</summary>
/// <param name="Log">Log density of z, nats.</param>
/// <param name="Below">Probability of a smaller one.</param>
/// <param name="Above">Probability of a larger one, with a relative precision of its own.</param>
/// <remarks>The same bits on every processor (law 5). Within 1e-9 of <see cref="ValueMixture.LogDensity"/>, which says it plainly.</remarks>
internal readonly record struct ValueScore(double Log, double Below, double Above)
{
    private const double LogSqrtTwoPi = 0.918938533204672742;

    /// <summary>A value that training always or never had may be missing or there, once in so many times.</summary>
    private const double LeastShare = 1e-4;

    /// <summary>Scores a value.</summary>
    /// <param name="mixture">The value's.</param>
    /// <param name="outputs">The head's outputs for its mixture. Shape [3k].</param>
    /// <param name="z">The value, standardised.</param>
    /// <param name="own">Level and unit of the stream.</param>
    public static unsafe ValueScore Of(ValueMixture mixture, float* outputs, float z, (float Level, float Unit) own)
    {
        int k = mixture.Components;
        double* logWeight = stackalloc double[3 * k], mean = logWeight + k, inverse = mean + k;
        mixture.Decode(outputs, logWeight, mean, inverse);
        double u = ((double)z - own.Level) / own.Unit;
        var score = MixtureScore.Of(k, logWeight, mean, inverse, new GapInterval(u, u, u, 0, 0, 0));
        double log = ValueTail.Add(score.LogProbability, u, out _) - VectorMath.Log(own.Unit);
        double below = ValueTail.Below(u), rest = 1 - ValueTail.Share;
        return new ValueScore(log, rest * score.Below + ValueTail.Share * below, rest * score.Above + ValueTail.Share * (1 - below));
    }

    /// <summary>Log probability that a value is there, and of its z where it is, by training alone: a normal, and its share of the
    /// events.</summary>
    /// <param name="z">NaN where the event has none.</param>
    public static double Baseline(ValueScale scale, float z)
    {
        double share = Math.Clamp(scale.Share, LeastShare, 1 - LeastShare);
        return float.IsNaN(z) ? VectorMath.Log(1 - share)
            : VectorMath.Log(share) + ValueTail.Add(-0.5 * z * z - LogSqrtTwoPi, z, out _);
    }
}
