namespace Foretell.Models.PointProcess;

/// <summary>Fits a mixture of normals by expectation-maximisation. The same values give the same mixture, in any order.</summary>
/// <remarks>
/// The values are first gathered into a fine histogram whose bins remember their own count, mean and spread, so the cost
/// does not grow with the data and no value is left out; ties, such as the ticks of a clock, keep their exact place.
/// Two starts are tried and the more likely fit is kept: narrow components, each over its own part of the sorted values,
/// find spikes; wide ones find smooth shapes.
/// Where gaps were read off a clock, fit the readings themselves (each stands for the middle of its tick) and score with
/// <see cref="TickScore"/>. Source: Dempster, Laird, Rubin, 1977.
/// </remarks>
public static class ExpectationMaximization
{
    private const int Bins = 8192;
    private const double LeastWeight = 1e-6;

    /// <summary>Start of the wide fit, in deviations of the whole; the best of 0.3, 0.5 and 1 on taxi, stackoverflow and hawkes1.</summary>
    private const double WideStart = 0.5;

    /// <summary>Fits <paramref name="components"/> normals to values, best standardised: the floor is in their unit.</summary>
    /// <param name="values">Any number of finite values, 1 or more, also fewer than components or all equal. Shape [n].</param>
    /// <param name="components">Number of components k, 1 or more.</param>
    /// <param name="floor">Least standard deviation of a component. Without it a component falls into a tie and its likelihood
    /// has no bound.</param>
    /// <param name="iterations">Rounds of expectation and maximisation.</param>
    /// <exception cref="ArgumentException">There is no value, or one is not finite.</exception>
    public static NormalMixture Fit(ReadOnlySpan<double> values, int components, double floor = 0.002, int iterations = 60)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(components, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(floor);
        Bin[] bins = Gather(values);
        double center = bins.Sum(bin => bin.Count * bin.Mean) / values.Length;
        double spread = Math.Sqrt(bins.Sum(bin => bin.Count * (bin.Mean - center) * (bin.Mean - center)) / values.Length);
        NormalMixture narrow = FitFrom(bins, values.Length, components, floor, floor, iterations);
        NormalMixture wide = FitFrom(bins, values.Length, components, floor, Math.Max(floor, WideStart * spread), iterations);
        return LogLikelihood(bins, wide) > LogLikelihood(bins, narrow) ? wide : narrow;
    }

    private static NormalMixture FitFrom(Bin[] bins, double count, int components, double floor, double start, int iterations)
    {
        double[] weight = new double[components], mean = new double[components], deviation = new double[components];
        Start(bins, count, start, weight, mean, deviation);
        for (int i = 0; i < iterations; i++)
        {
            Improve(bins, count, floor, weight, mean, deviation);
        }

        Array.Sort([.. mean], weight);
        Array.Sort(mean, deviation);
        return new(Array.ConvertAll(weight, Math.Log), mean, deviation);
    }

    private static double LogLikelihood(Bin[] bins, NormalMixture mixture) =>
        bins.Sum(bin => bin.Count * mixture.LogDensity(bin.Mean));

    /// <summary>Values that fell together: how many, their mean, and their variance about it.</summary>
    private record struct Bin(double Count, double Mean, double Variance);

    private static Bin[] Gather(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            throw new ArgumentException("A mixture cannot be fitted to no values at all.", nameof(values));
        }
        double[] sorted = values.ToArray();
        foreach (double value in sorted)
        {
            if (!double.IsFinite(value))
            {
                throw new ArgumentException($"Values must be finite to fit a mixture to them, got {value}.", nameof(values));
            }
        }
        Array.Sort(sorted);

        double width = (sorted[^1] - sorted[0]) / Bins;
        List<Bin> bins = [];
        for (int from = 0; from < sorted.Length;)
        {
            int to = from + 1;
            double end = sorted[0] + (Math.Floor((sorted[from] - sorted[0]) / width) + 1) * width;
            while (to < sorted.Length && (sorted[to] < end || sorted[to] == sorted[from]))
            {
                to++;
            }
            bins.Add(Summarise(sorted.AsSpan(from, to - from)));
            from = to;
        }
        return [.. bins];
    }

    private static Bin Summarise(ReadOnlySpan<double> values)
    {
        double sum = 0, squares = 0;
        foreach (double value in values)
        {
            sum += value - values[0];
        }
        double mean = values[0] + sum / values.Length;
        foreach (double value in values)
        {
            squares += (value - mean) * (value - mean);
        }
        return new(values.Length, mean, squares / values.Length);
    }

    /// <summary>Equal shares: component k starts with the mean and deviation of the k-th of so many equal parts of the sorted
    /// values.</summary>
    private static void Start(Bin[] bins, double count, double least, double[] weight, double[] mean, double[] deviation)
    {
        int components = mean.Length, bin = 0;
        double left = bins[0].Count;
        for (int k = 0; k < components; k++)
        {
            double wanted = count / components, taken = 0, sum = 0, squares = 0, origin = bins[bin].Mean;
            while (taken < wanted * (1 - 1e-12))
            {
                double take = Math.Min(left, wanted - taken), offset = bins[bin].Mean - origin;
                taken += take;
                sum += take * offset;
                squares += take * (offset * offset + bins[bin].Variance);
                left -= take;
                if (left <= 1e-9 && bin + 1 < bins.Length)
                {
                    left = bins[++bin].Count;
                }
            }
            weight[k] = 1.0 / components;
            mean[k] = origin + sum / taken;
            deviation[k] = Math.Max(least, Math.Sqrt(Math.Max(0, squares / taken - sum / taken * (sum / taken))));
        }
    }

    private static void Improve(Bin[] bins, double count, double floor, double[] weight, double[] mean, double[] deviation)
    {
        int components = mean.Length;
        double[] log = new double[components], mass = new double[components];
        double[] sum = new double[components], squares = new double[components], constant = new double[components];
        for (int k = 0; k < components; k++)
        {
            constant[k] = Math.Log(weight[k] / deviation[k]);
        }

        foreach (Bin bin in bins)
        {
            double max = double.NegativeInfinity, total = 0;
            for (int k = 0; k < components; k++)
            {
                double z = (bin.Mean - mean[k]) / deviation[k];
                log[k] = constant[k] - 0.5 * z * z;
                max = Math.Max(max, log[k]);
            }
            for (int k = 0; k < components; k++)
            {
                total += log[k] = log[k] < max - 45 ? 0 : Math.Exp(log[k] - max);
            }
            for (int k = 0; k < components; k++)
            {
                if (log[k] == 0)
                {
                    continue;
                }
                double share = bin.Count * log[k] / total, offset = bin.Mean - mean[k];
                mass[k] += share;
                sum[k] += share * offset;
                squares[k] += share * (offset * offset + bin.Variance);
            }
        }

        for (int k = 0; k < components; k++)
        {
            weight[k] = Math.Max(LeastWeight, mass[k] / count);
            // A component that owns nothing any more keeps its place.
            if (mass[k] < 1e-9)
            {
                continue;
            }
            double shift = sum[k] / mass[k];
            mean[k] += shift;
            deviation[k] = Math.Max(floor, Math.Sqrt(Math.Max(0, squares[k] / mass[k] - shift * shift)));
        }
        double weights = weight.Sum();
        for (int k = 0; k < components; k++)
        {
            weight[k] /= weights;
        }
    }
}
