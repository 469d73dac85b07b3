using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>The logistic function, written so that nothing cancels near 0 or 1.</summary>
internal static class Logistic
{
    /// <summary>1 / (1 + exp(-x)).</summary>
    public static double Probability(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>Its logarithm; the same bits on every processor, since live scores are made of it.</summary>
    public static double LogProbability(double logit) => -Softplus(-logit);

    /// <summary>ln(1 + exp(x)).</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + VectorMath.Log(1 + VectorMath.Exp(Vector512.Create(-Math.Abs(x)))[0]);
}
