namespace Foretell.Models.Scoring;

/// <summary>Probability integral transforms of scored gaps. A gap that shares its value with others, a tick or a tie, counts evenly
/// between the ends of its share.</summary>
/// <remarks>Source: Dawid, JRSS A 147, 1984; shared values without chance: Czado, Gneiting, Held, Biometrics 65, 2009.</remarks>
internal sealed class PitTally
{
    // Below this width a share is a point.
    private const double Point = 1e-12;

    private readonly List<(double Below, double UpTo)> _shares = [];

    /// <summary>Gaps added.</summary>
    public long Events => _shares.Count;

    /// <summary>Adds a gap.</summary>
    /// <param name="below">Forecast probability of a shorter one.</param>
    /// <param name="upTo">The same of one that is no longer.</param>
    public void Add(double below, double upTo) => _shares.Add((Math.Clamp(below, 0, 1), Math.Clamp(upTo, 0, 1)));

    /// <summary>Adds what another one has.</summary>
    public void Add(PitTally other) => _shares.AddRange(other._shares);

    /// <summary>Largest distance of the transform's distribution from the uniform one (Kolmogorov and Smirnov); 0 without gaps.</summary>
    public double Distance()
    {
        // Between two ends the distribution is a straight line, so the largest distance is at one of them.
        var ends = new List<(double At, double Slope, double Jump)>(2 * _shares.Count);
        foreach ((double below, double upTo) in _shares)
        {
            if (upTo - below < Point)
            {
                ends.Add((below, 0, 1));
                continue;
            }
            ends.Add((below, 1 / (upTo - below), 0));
            ends.Add((upTo, -1 / (upTo - below), 0));
        }
        ends.Sort((x, y) => x.At.CompareTo(y.At));
        double distance = 0, height = 0, slope = 0, last = 0;
        foreach ((double at, double change, double jump) in ends)
        {
            height += slope * (at - last);
            distance = Math.Max(distance, Math.Abs(height / Events - at));
            height += jump;
            distance = Math.Max(distance, Math.Abs(height / Events - at));
            (last, slope) = (at, slope + change);
        }
        return distance;
    }

    /// <summary>Share of gaps within the central interval of a probability; a share across its end counts in part.</summary>
    public double Coverage(double probability)
    {
        double low = (1 - probability) / 2, high = 1 - low;
        return _shares.Sum(s => s.UpTo - s.Below < Point
            ? s.Below >= low && s.Below <= high ? 1 : 0
            : Math.Max(0, Math.Min(s.UpTo, high) - Math.Max(s.Below, low)) / (s.UpTo - s.Below)) / Events;
    }

    /// <summary>Gaps per equal bin of [0, 1], rounded so that their sum is right. Shape [bins].</summary>
    public long[] Histogram(int bins)
    {
        double[] counts = new double[bins];
        foreach ((double below, double upTo) in _shares)
        {
            int first = Bin(below), last = Bin(upTo);
            for (int bin = first; bin <= last; bin++)
            {
                double from = Math.Max(below, (double)bin / bins), to = Math.Min(upTo, (bin + 1.0) / bins);
                counts[bin] += first == last ? 1 : Math.Max(0, to - from) / (upTo - below);
            }
        }
        long[] rounded = new long[bins];
        double sum = 0;
        long before = 0;
        for (int bin = 0; bin < bins; bin++)
        {
            sum += counts[bin];
            long upTo = (long)Math.Round(sum);
            (rounded[bin], before) = (upTo - before, upTo);
        }
        return rounded;

        int Bin(double x) => Math.Clamp((int)(x * bins), 0, bins - 1);
    }
}
