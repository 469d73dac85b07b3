using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>
/// The score of a gap that was read off a clock: the probability of its tick interval divided by the interval's width,
/// so that no spike on the grid can win, and the number compares with a density.
/// </summary>
/// <remarks>
/// The interval is [max(0, tau - r/2), tau + r/2] for resolution r. Scores never exceed -ln(width): ln(1/r), or ln(2/r)
/// for a gap of 0, whose interval is half as wide. As r falls to 0 they tend to the log density; r = 0 is the density.
/// </remarks>
public static class TickScore
{
    /// <summary>Log score of a gap under a mixture, nats, density per time unit.</summary>
    /// <param name="mixture">Its time unit is that of the other two.</param>
    /// <param name="tau">Gap, above 0; 0 is allowed where resolution is not 0.</param>
    /// <param name="resolution">Width of the clock's tick, 0 or more.</param>
    public static double LogIntervalDensity(this LogNormalMixture mixture, double tau, double resolution)
    {
        if (resolution == 0)
        {
            return mixture.LogDensity(tau);
        }
        TickInterval tick = new(tau, resolution);
        LogSum sum = new();
        for (int k = 0; k < mixture.Components; k++)
        {
            sum.Add(mixture.LogWeight[k] + tick.Under(mixture.Mu[k], mixture.Sigma[k]).LogProbability);
        }
        // A sum of weights may exceed 1 by a rounding; the bound is kept exactly.
        return Math.Min(0, sum.Value) - Math.Log(tick.Width);
    }

    /// <summary>The same score with its derivatives, for training.</summary>
    /// <param name="mixture">Shape [k].</param>
    /// <param name="tau">Gap.</param>
    /// <param name="resolution">Width of the clock's tick, 0 or more.</param>
    /// <param name="dLogWeight">Output: derivative by each log weight taken alone, that is each component's responsibility; sums
    /// to 1. Shape [k].</param>
    /// <param name="dMu">Output: derivative by mu. Shape [k].</param>
    /// <param name="dLogSigma">Output: derivative by ln sigma. Shape [k].</param>
    /// <exception cref="ArgumentException">An output has another length than the mixture.</exception>
    public static double LogIntervalDensity(this LogNormalMixture mixture, double tau, double resolution,
        Span<double> dLogWeight, Span<double> dMu, Span<double> dLogSigma)
    {
        int components = mixture.Components;
        if (dLogWeight.Length != components || dMu.Length != components || dLogSigma.Length != components)
        {
            throw new ArgumentException(
                $"Derivatives need {components} numbers each, got {dLogWeight.Length}, {dMu.Length} and {dLogSigma.Length}.");
        }

        TickInterval tick = new(tau, resolution);
        LogSum sum = new();
        for (int k = 0; k < components; k++)
        {
            double mu = mixture.Mu[k], sigma = mixture.Sigma[k];
            NormalInterval part = tick.Under(mu, sigma);
            dLogWeight[k] = mixture.LogWeight[k] + part.LogProbability;
            dMu[k] = -part.DShift / sigma;
            dLogSigma[k] = -part.DScale;
            sum.Add(dLogWeight[k]);
        }
        double total = sum.Value;
        for (int k = 0; k < components; k++)
        {
            double responsibility = Math.Exp(dLogWeight[k] - total);
            dLogWeight[k] = responsibility;
            // A component that has no part in the gap may have an endless derivative; nothing times that is nothing.
            dMu[k] = responsibility == 0 ? 0 : responsibility * dMu[k];
            dLogSigma[k] = responsibility == 0 ? 0 : responsibility * dLogSigma[k];
        }
        return resolution == 0 ? total : Math.Min(0, total) - Math.Log(tick.Width);
    }

    /// <summary>The tick interval around a gap, on the time axis and on the log axis.</summary>
    private readonly struct TickInterval
    {
        private readonly double logLower, logUpper, logTau, halfLogWidth;

        public TickInterval(double tau, double resolution)
        {
            double half = resolution / 2, lower = Math.Max(0, tau - half);
            Width = resolution == 0 ? 0 : lower == 0 ? tau + half : resolution;
            logTau = Math.Log(tau);
            logLower = Math.Log(lower);
            logUpper = Math.Log(tau + half);
            // ln(upper / lower) / 2 = atanh(half / tau), which a difference of logarithms would round away at large gaps.
            halfLogWidth = lower == 0 ? double.PositiveInfinity : RealMath.Log1p(resolution / lower) / 2;
        }

        public double Width { get; }

        /// <summary>ln of the interval's probability under one component; ln of the density per time unit where the width is 0.</summary>
        public NormalInterval Under(double mu, double sigma)
        {
            if (Width == 0)
            {
                double z = (logTau - mu) / sigma;
                return new(Normal.LogDensity(z) - Math.Log(sigma) - logTau, 0, 0, -z, 1 - z * z);
            }
            double halfWidth = halfLogWidth / sigma;
            // The centre on the log axis; a one-sided interval is computed from its end alone and needs none.
            double center = (logLower + halfLogWidth - mu) / sigma;
            return NormalInterval.Of((logLower - mu) / sigma, (logUpper - mu) / sigma, center, halfWidth);
        }
    }
}
