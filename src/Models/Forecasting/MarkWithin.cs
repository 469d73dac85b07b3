namespace Foretell.Models.Forecasting;

/// <summary>How likely a mark is to come within a horizon: a failure within a week.</summary>
/// <param name="Mark">The mark.</param>
/// <param name="Probability">Probability that at least one event of it comes, 0 to 1.</param>
/// <param name="ExpectedCount">Expected number of events of it.</param>
/// <param name="StandardError">Standard error of <paramref name="Probability"/> by the sampling.</param>
public sealed record MarkWithin(string Mark, double Probability, double ExpectedCount, double StandardError)
{
    /// <summary>What paths say of a mark. An event on a path counts by the probability that the mark had before it was drawn, not by what was
    /// drawn: the same mean at a smaller variance (Rao-Blackwell: Casella, Robert, Biometrika 83, 1996).</summary>
    /// <param name="mark">Its name.</param>
    /// <param name="watched">Where its probability stands in <see cref="SampledEvent.Chances"/>.</param>
    /// <param name="paths">Paths of the futures with an event within the horizon, one or more.</param>
    /// <param name="any">Probability of such a future.</param>
    /// <param name="horizonSeconds">From the moment of asking, above 0.</param>
    internal static MarkWithin Of(string mark, int watched, IReadOnlyList<SampledPath> paths, double any, double horizonSeconds)
    {
        double[] first = new double[paths.Count];
        double count = 0;
        for (int i = 0; i < first.Length; i++)
        {
            bool hasCome = false;
            double all = 0;
            foreach (SampledEvent e in paths[i].Events)
            {
                double chance = e.Chances![watched];
                all += chance;
                first[i] += hasCome ? 0 : chance;
                hasCome |= e.Mark == mark;
            }
            // A path that was cut goes on at its own pace.
            double times = paths[i].Until > 0 ? Math.Max(1, horizonSeconds / paths[i].Until) : 1;
            first[i] = times > 1 ? 1 - Math.Pow(1 - Math.Min(1, first[i]), times) : first[i];
            count += times * all;
        }
        double mean = first.Average(), square = first.Sum(x => (x - mean) * (x - mean)) / Math.Max(1, first.Length - 1);
        return new MarkWithin(mark, Math.Clamp(any * mean, 0, 1), any * count / first.Length, any * Math.Sqrt(square / first.Length));
    }
}
