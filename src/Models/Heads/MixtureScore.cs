using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>One gap under a mixture of normals in standardised log time, all components side by side in vectors.</summary>
/// <param name="LogProbability">Log of the interval's probability, or of the density of z at a point, nats. Finite however far
/// out the gap lies.</param>
/// <param name="Below">Probability of a shorter gap.</param>
/// <param name="Above">Probability of a longer gap, with a relative precision of its own: a small one is no difference from 1.</param>
/// <param name="Within">Probability of the interval; 0 at a point.</param>
/// <param name="Location">Mean of z under the mixture.</param>
/// <remarks>
/// Built from additions, multiplications, divisions and fused multiply-adds in a fixed order: the same bits on every
/// processor (law 5). Within 1e-9 of the plain double code of <see cref="TimeHead.LogDensity"/> (MixtureScoreTests),
/// except where that code's own series for narrow intervals ends (1e-8).
/// </remarks>
internal readonly record struct MixtureScore(double LogProbability, double Below, double Above, double Within, double Location)
{
    private const double OneOverRootTwoPi = 0.398942280401432678;
    private const int Lanes = 8;

    // What stands for minus infinity: its square still is a number.
    private const double FarBelow = -1e100;

    /// <summary>Scores a gap.</summary>
    /// <param name="components">Components k, a multiple of 8.</param>
    /// <param name="logWeight">Log weights up to a common term. Shape [k].</param>
    /// <param name="mean">Means. Shape [k].</param>
    /// <param name="inverse">Inverse deviations. Shape [k].</param>
    /// <param name="gap">The gap.</param>
    /// <param name="tails">Whether the probabilities are asked for; a point's density costs half as much without. They are 0 then.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe MixtureScore Of(int components, double* logWeight, double* mean, double* inverse, in GapInterval gap,
        bool tails = true)
    {
        // Per component: probability = factor x exp(exponent), so that nothing underflows before the largest is known.
        double* exponent = stackalloc double[components], factor = stackalloc double[components];
        double* below = stackalloc double[components], above = stackalloc double[components];
        Vector512<double> highestWeight = Vector512.Create(double.MinValue), highest = highestWeight;
        for (int i = 0; i < components; i += Lanes)
        {
            Vector512<double> weight = Vector512.Load(logWeight + i), m = Vector512.Load(mean + i), s = Vector512.Load(inverse + i);
            Component parts = double.IsPositiveInfinity(gap.High)
                ? Beyond((Vector512.Create(Math.Max(gap.Low, FarBelow)) - m) * s)
                : gap.IsInterval
                ? Interval((Vector512.Create(Math.Max(gap.Low, FarBelow)) - m) * s, (Vector512.Create(gap.High) - m) * s)
                : Point((Vector512.Create(gap.Low) - m) * s, s, tails);
            var joint = parts.Exponent + weight;
            joint.Store(exponent + i);
            parts.Factor.Store(factor + i);
            parts.Below.Store(below + i);
            parts.Above.Store(above + i);
            highestWeight = Vector512.Max(highestWeight, weight);
            highest = Vector512.Max(highest, joint);
        }
        double maxWeight = VectorMath.Max(highestWeight), max = VectorMath.Max(highest);
        Vector512<double> weights = Vector512<double>.Zero, joints = weights, belows = weights, aboves = weights, means = weights;
        for (int i = 0; i < components; i += Lanes)
        {
            var w = VectorMath.Exp(Vector512.Load(logWeight + i) - Vector512.Create(maxWeight));
            var e = VectorMath.Exp(Vector512.Load(exponent + i) - Vector512.Create(max));
            weights += w;
            joints = Vector512.FusedMultiplyAdd(e, Vector512.Load(factor + i), joints);
            belows = Vector512.FusedMultiplyAdd(w, Vector512.Load(below + i), belows);
            aboves = Vector512.FusedMultiplyAdd(w, Vector512.Load(above + i), aboves);
            means = Vector512.FusedMultiplyAdd(w, Vector512.Load(mean + i), means);
        }
        double weightSum = VectorMath.Sum(weights), jointSum = VectorMath.Sum(joints);
        var logs = VectorMath.Log(Vector512.Create(jointSum, weightSum, 1, 1, 1, 1, 1, 1));
        double within = gap.IsInterval ? jointSum * VectorMath.Exp(Vector512.Create(max - maxWeight))[0] / weightSum : 0;
        return new MixtureScore(max - maxWeight + logs[0] - logs[1], VectorMath.Sum(belows) / weightSum,
            VectorMath.Sum(aboves) / weightSum, within, VectorMath.Sum(means) / weightSum);
    }

    /// <summary>Log probability of a longer gap than a silence, within 1e-11, relative, also where it is near 0 and however far out
    /// the silence lies (MixtureScoreTests). For a score of <see cref="GapInterval.Beyond"/>.</summary>
    /// <returns>Nats, at most 0.</returns>
    // Near 0 the probability that is missing has the digits. Adding 0 leaves no negative zero.
    public double LogSurvival => Below < 0.5 ? RealMath.Log1p(-Below) + 0 : LogProbability;

    /// <summary>Density of z at x deviations, and both tails.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Component Point(Vector512<double> x, Vector512<double> inverse, bool tails)
    {
        var exponent = -0.5 * x * x;
        if (!tails)
        {
            return new Component(exponent, inverse * OneOverRootTwoPi, Vector512<double>.Zero, Vector512<double>.Zero);
        }
        var tail = Tail(x);
        return new Component(exponent, inverse * OneOverRootTwoPi, LowerTail(x, tail), UpperTail(x, tail));
    }

    /// <summary>Probability beyond x deviations, and the tail before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Component Beyond(Vector512<double> x)
    {
        Vector512<double> zero = Vector512<double>.Zero, halfSquare = -0.5 * x * x;
        var mills = Mills(Vector512.Abs(x)) * OneOverRootTwoPi;
        var tail = VectorMath.Exp(halfSquare) * mills;
        var left = Vector512.LessThan(x, zero);
        return new Component(Vector512.ConditionalSelect(left, zero, halfSquare),
            Vector512.ConditionalSelect(left, Vector512<double>.One - tail, mills), LowerTail(x, tail), zero);
    }

    /// <summary>Probability between two numbers of deviations, and the tails outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Component Interval(Vector512<double> low, Vector512<double> high)
    {
        Vector512<double> zero = Vector512<double>.Zero, one = Vector512<double>.One;
        Vector512<double> lowTail = Tail(low), highTail = Tail(high);

        // On one side of the middle: phi(near) (R(near) - R(far) exp(-(far^2 - near^2) / 2)), R being Mills' ratio.
        var mirrored = Vector512.LessThan(low + high, zero);
        Vector512<double> near = Vector512.ConditionalSelect(mirrored, -high, low), far = Vector512.ConditionalSelect(mirrored, -low, high);
        var drop = VectorMath.Exp(-0.5 * (far - near) * (far + near));
        var beside = (Mills(Vector512.Max(near, zero)) - drop * Mills(Vector512.Max(far, zero))) * OneOverRootTwoPi;
        var besideExponent = -0.5 * near * near;

        // Around the middle: what the two tails leave.
        var straddles = Vector512.LessThan(near, zero);
        var factor = Vector512.ConditionalSelect(straddles, one - lowTail - highTail, beside);
        var exponent = Vector512.ConditionalSelect(straddles, zero, besideExponent);

        // Narrow: midpoint rule with its second-order term; the next is below 1e-8 at this width.
        Vector512<double> width = high - low, middle = 0.5 * (low + high);
        var narrow = Vector512.LessThan(width * (one + Vector512.Max(Vector512.Abs(low), Vector512.Abs(high))), Vector512.Create(0.05));
        var square = middle * middle;
        var series = width * OneOverRootTwoPi * Vector512.FusedMultiplyAdd(square - one, width * width * (1.0 / 24), one);
        factor = Vector512.ConditionalSelect(narrow, series, factor);
        exponent = Vector512.ConditionalSelect(narrow, -0.5 * square, exponent);
        return new Component(exponent, factor, LowerTail(low, lowTail), UpperTail(high, highTail));
    }

    // Calls, since the compiler stops inlining in a method that grows beyond its budget, and then it is the small pieces that
    // become slow calls.

    /// <summary>Probability beyond x, on the side of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> Tail(Vector512<double> x) =>
        VectorMath.Exp(-0.5 * x * x) * MillsRatio.Upper(Vector512.Abs(x)) * OneOverRootTwoPi;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> Mills(Vector512<double> x) => MillsRatio.Upper(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> LowerTail(Vector512<double> x, Vector512<double> tail) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<double>.Zero), tail, Vector512<double>.One - tail);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> UpperTail(Vector512<double> x, Vector512<double> tail) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<double>.Zero), Vector512<double>.One - tail, tail);

    /// <summary>One vector of components: probability or density = Factor x exp(Exponent).</summary>
    private readonly ref struct Component(Vector512<double> exponent, Vector512<double> factor, Vector512<double> below,
        Vector512<double> above)
    {
        public readonly Vector512<double> Exponent = exponent, Factor = factor, Below = below, Above = above;
    }
}
