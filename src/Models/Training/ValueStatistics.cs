using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>What the training data fixes of the values: how each is read, how it lies, and where the head starts.</summary>
internal static class ValueStatistics
{
    /// <summary>Most numbers that a mixture is fitted to: what is further does not change it.</summary>
    private const int MostFitted = 200_000;

    private const double LeastDeviation = 0.02;

    /// <summary>A value that all events of training had is missing once in so many times.</summary>
    private const double MostShare = 1 - 1e-4;

    /// <summary>How each value lies, in the order in which streams have them; null where events carry none.</summary>
    /// <remarks>A value is read as its logarithm where all of it is above 0 and that is nearer to a normal: where the deviation of its
    /// logarithm, times the geometric mean, is below its own (Box and Cox, JRSS B 26, 1964).</remarks>
    /// <param name="wanted">Names of those to read; null for all.</param>
    /// <exception cref="ArgumentException">There are more than a model can hold, or one that is wanted is not there.</exception>
    public static ValueScale[]? ScalesOf(IReadOnlyList<EventSequence> train, IReadOnlyList<string>? wanted = null)
    {
        string[] names = [.. train.SelectMany(s => s.Values?.Keys ?? []).Distinct()
            .Where(name => train.Any(s => s.Values?.GetValueOrDefault(name) is { } c && Array.Exists(c, v => !double.IsNaN(v))))];
        string[] missing = [.. (wanted ?? []).Except(names)];
        if (missing.Length > 0)
        {
            throw new ArgumentException($"No event of train has the value '{missing[0]}'; they have {(names.Length == 0 ? "no values" : string.Join(", ", names.Take(20)))}.",
                nameof(wanted));
        }
        names = wanted is null ? names : [.. wanted.Distinct()];
        if (names.Length > ModelLimits.Values)
        {
            throw new ArgumentException($"Events carry {names.Length} values, and a model holds at most {ModelLimits.Values}. Name those that it is to read (foretell train --values).",
                nameof(train));
        }
        long events = train.Sum(s => (long)s.Times.Length);
        return names.Length == 0 ? null : [.. names.Select(name => ScaleOf(train, name, events))];
    }

    /// <summary>Starts the value head: each value is told from the stream's last one, as far as train says that it stays, and what is
    /// left is distributed as over all streams.</summary>
    /// <param name="weights">Parameters; those of the start are set.</param>
    /// <param name="head">Their places; null where values are not forecast.</param>
    /// <returns>The mixture of each value.</returns>
    public static ValueMixture[] Start(Span<float> weights, ValueHead? head, IReadOnlyList<EncodedSequence> train,
        IReadOnlyList<ValueScale>? scales)
    {
        var mixtures = new ValueMixture[head is null ? 0 : scales!.Count];
        for (int i = 0; i < mixtures.Length; i++)
        {
            (double U, double Last)[] told = [.. train.SelectMany(s => Told(s.Values!, scales!.Count, i)).Take(MostFitted)];
            double square = told.Sum(x => x.Last * x.Last), stays = square > 0 ? told.Sum(x => x.U * x.Last) / square : 0;
            double[] left = told.Length == 0 ? [-1, 0, 1] : Array.ConvertAll(told, x => x.U - stays * x.Last);
            mixtures[i] = new ValueMixture(ExpectationMaximization.Fit(left, ValueMixture.Parts, LeastDeviation));
            head!.Start(weights, i, mixtures[i].AnchorDeviation, stays, Math.Min(scales![i].Share, MostShare));
        }
        return mixtures;
    }

    /// <summary>Each value that a forecast stands before, and the stream's last one then; in the stream's units.</summary>
    private static IEnumerable<(double U, double Last)> Told(EncodedValues values, int count, int value)
    {
        int stride = values.Own.Length / Math.Max(1, values.Z.Length / count);
        for (int t = 1; t * count < values.Z.Length; t++)
        {
            int at = t * count + value;
            if (!float.IsNaN(values.Z[at]))
            {
                double u = (values.Z[at] - values.Level[at]) / values.Unit[at];
                yield return (Math.Clamp(u, -ValueTrack.Farthest, ValueTrack.Farthest),
                    values.Own[(t - 1) * stride + value * ValueTrack.Features]);
            }
        }
    }

    private static ValueScale ScaleOf(IReadOnlyList<EventSequence> train, string name, long events)
    {
        double[][] streams = [.. train.Select(s => s.Values?.GetValueOrDefault(name)).OfType<double[]>()
            .Select(column => Array.FindAll(column, v => !double.IsNaN(v))).Where(column => column.Length > 0)];
        double[] all = [.. streams.SelectMany(x => x)];
        (double mean, double deviation, double within) = Lie(streams);
        double floor = 0;
        if (Array.TrueForAll(all, v => v > 0) && all.Min() < all.Max())
        {
            double[][] logs = Array.ConvertAll(streams, column => Array.ConvertAll(column, Math.Log));
            (double logMean, double logDeviation, double logWithin) = Lie(logs);
            if (Math.Log(logDeviation) + logMean < Math.Log(deviation))
            {
                (mean, deviation, within, floor) = (logMean, logDeviation, logWithin, Math.Max(all.Min() / 2, double.Epsilon));
            }
        }
        return new ValueScale(name, mean, deviation)
        {
            Floor = floor,
            Within = within,
            Share = (double)all.Length / events,
            // A density of what never changes would grow without end, and rule the training.
            IsFact = Array.Exists(streams, x => x.Length > 1) && Array.TrueForAll(streams, x => Array.TrueForAll(x, v => v == x[0])),
        };
    }

    /// <summary>Mean, deviation, and the part of it that is within streams.</summary>
    private static (double Mean, double Deviation, double Within) Lie(double[][] streams)
    {
        // Squares overflow above 1e154, and below 1e-162 they are 0: such numbers are taken by the largest.
        double largest = streams.SelectMany(x => x).Max(Math.Abs), unit = largest is > 1e100 or (> 0 and < 1e-100) ? largest : 1;
        double[][] scaled = Array.ConvertAll(streams, x => Array.ConvertAll(x, v => v / unit));
        double mean = scaled.SelectMany(x => x).Average(), count = scaled.Sum(x => x.Length);
        double square = scaled.SelectMany(x => x).Sum(v => (v - mean) * (v - mean)) / count;
        // Each stream's own mean takes one of its values.
        double degrees = scaled.Sum(x => x.Length - 1);
        double inside = degrees == 0 ? square : scaled.Sum(SquaresAboutMean) / degrees;
        // A value that never changes says nothing; whatever it is divided by. Its mean may be a rounding beside it.
        return square > 0 && streams.SelectMany(x => x).Any(v => v != streams[0][0])
            ? (mean * unit, Math.Max(Math.Sqrt(square) * unit, double.Epsilon), Math.Clamp(Math.Sqrt(inside / square), 0.01, 1))
            : (mean * unit, 1, 1);

        static double SquaresAboutMean(double[] x)
        {
            double own = x.Average();
            return x.Sum(v => (v - own) * (v - own));
        }
    }
}
