namespace Foretell.Models.Forecasting;

/// <summary>How likely a mark is to come within a horizon: a failure within a week.</summary>
/// <param name="Mark">The mark.</param>
/// <param name="Probability">Probability that at least one event of it comes, 0 to 1.</param>
/// <param name="ExpectedCount">Expected number of events of it.</param>
/// <param name="StandardError">Standard error of <paramref name="Probability"/> by the sampling.</param>
public sealed record MarkWithin(string Mark, double Probability, double ExpectedCount, double StandardError)
{
    /// <summary>What paths say of a mark. Each path tells the probability twice: by whether the mark came on it, and by the
    /// probabilities that the mark had before each event was drawn, up to its first. Both have the same mean (Rao-Blackwell: Casella,
    /// Robert, Biometrika 83, 1996). The second hardly varies where the mark is rare, the first where it is sure, so they are weighed as
    /// their differences tell (control variates: Lavenberg, Welch, Management Science 27, 1981).</summary>
    /// <param name="mark">Its name.</param>
    /// <param name="watched">Where its probability stands in <see cref="SampledEvent.Chances"/>.</param>
    /// <param name="paths">Paths of the futures with an event within the horizon, one or more.</param>
    /// <param name="any">Probability of such a future.</param>
    /// <param name="horizonSeconds">From the moment of asking, above 0.</param>
    internal static MarkWithin Of(string mark, int watched, IReadOnlyList<SampledPath> paths, double any, double horizonSeconds)
    {
        int n = paths.Count;
        double[] came = new double[n], told = new double[n];
        double count = 0;
        for (int i = 0; i < n; i++)
        {
            double all = 0;
            foreach (SampledEvent e in paths[i].Events)
            {
                double chance = e.Chances![watched];
                all += chance;
                told[i] += came[i] > 0 ? 0 : chance;
                came[i] = e.Mark == mark ? 1 : came[i];
            }
            // A path that was cut goes on at its own pace.
            double times = paths[i].Until > 0 ? Math.Max(1, horizonSeconds / paths[i].Until) : 1;
            if (times > 1)
            {
                told[i] = came[i] = came[i] > 0 ? 1 : 1 - Math.Exp(-(times - 1) * all);
            }
            count += times * all;
        }
        double weight = Weight(came, told);
        double[] both = [.. came.Zip(told, (x, y) => y + weight * (x - y))];
        double mean = both.Average(), square = both.Sum(x => (x - mean) * (x - mean)) / Math.Max(1, n - 1);
        return new MarkWithin(mark, Math.Clamp(any * mean, 0, 1), any * count / n, any * Math.Sqrt(square / n));
    }

    /// <summary>Weight of the first, 0 to 1, at which the sum of both varies least.</summary>
    private static double Weight(double[] came, double[] told)
    {
        double mean = told.Average(), difference = came.Average() - mean, product = 0, square = 0;
        for (int i = 0; i < came.Length; i++)
        {
            double d = came[i] - told[i] - difference;
            product += (told[i] - mean) * d;
            square += d * d;
        }
        return square > 0 ? Math.Clamp(-product / square, 0, 1) : 0;
    }
}
