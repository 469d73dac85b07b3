using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>The small share of every forecast of a value that goes to far-off ones, so that one of them cannot make a score endless:
/// density 1 / (2 s (1 + |u| / s)²), in the stream's units.</summary>
/// <remarks>Rational, so the same bits everywhere. Its survival falls as 1 / |u|, as that of <see cref="PointProcess.GapTail"/> does.</remarks>
internal static class ValueTail
{
    /// <summary>Its share.</summary>
    public const double Share = 1e-3;

    /// <summary>s, units.</summary>
    private const double Scale = 4;

    private static readonly double s_logShare = VectorMath.Log(Share), s_logRest = VectorMath.Log(1 - Share);

    /// <summary>Adds the tail to a log density.</summary>
    /// <param name="logMixture">Log density without it.</param>
    /// <param name="u">The value, units.</param>
    /// <param name="mixtureShare">Output: how much of the whole is the mixture's.</param>
    public static double Add(double logMixture, double u, out double mixtureShare)
    {
        double beyond = 1 + Math.Abs(u) / Scale;
        double tail = s_logShare - VectorMath.Log(2 * Scale * beyond * beyond), mixture = s_logRest + logMixture;
        double larger = Math.Max(mixture, tail), smaller = Math.Min(mixture, tail);
        double log = larger + VectorMath.Log(1 + VectorMath.Exp(Vector512.Create(smaller - larger))[0]);
        mixtureShare = VectorMath.Exp(Vector512.Create(mixture - log))[0];
        return log;
    }

    /// <summary>Probability of a smaller value by the tail alone.</summary>
    public static double Below(double u)
    {
        double tail = 0.5 / (1 + Math.Abs(u) / Scale);
        return u < 0 ? tail : 1 - tail;
    }
}
