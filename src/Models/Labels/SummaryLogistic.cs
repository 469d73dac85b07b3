using Foretell.Models.PointProcess;

namespace Foretell.Models.Labels;

/// <summary>A simple method: multinomial logistic regression on running summaries of a stream, fitted for one number of events. Of each
/// value mean, deviation, first, last, least and most so far; of each mark its share so far.</summary>
public sealed class SummaryLogistic
{
    private const int Iterations = 400, PerValue = 6;

    /// <summary>Weight of the squared coefficients beside the mean log loss: as much as one of a thousand events.</summary>
    private const double Penalty = 1e-3;

    private readonly string[] _values, _marks;
    private readonly double[] _mean, _deviation;
    private readonly double[][] _coefficients;

    private SummaryLogistic(string[] values, string[] marks, double[] mean, double[] deviation, double[][] coefficients, string[] labels)
    {
        (_values, _marks, _mean, _deviation, _coefficients) = (values, marks, mean, deviation, coefficients);
        Labels = labels;
    }

    /// <summary>Kinds of stream, in the order of <see cref="Predict"/>.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Fits streams that have a label, as they are after a number of events.</summary>
    /// <param name="train">Streams; those without a label or an event are left out.</param>
    /// <param name="after">Events known, or all of a shorter stream; null for all.</param>
    public static SummaryLogistic Fit(IReadOnlyList<EventSequence> train, int? after)
    {
        string[] labels = [.. train.Select(s => s.Label).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        string[] values = [.. train.SelectMany(s => s.Values?.Keys ?? []).Distinct()];
        string[] marks = [.. train.SelectMany(s => s.Marks ?? []).Distinct().Order(StringComparer.Ordinal)];
        EventSequence[] known = [.. train.Where(s => s.Label is not null && s.Times.Length > 0)];
        double[][] rows = [.. known.Select(s => Summaries(s, values, marks).Take(after ?? s.Times.Length).Last())];
        int[] truth = [.. known.Select(s => Array.IndexOf(labels, s.Label!))];
        int features = rows[0].Length;
        double[] mean = new double[features], deviation = new double[features];
        for (int j = 0; j < features; j++)
        {
            double average = rows.Average(r => r[j]);
            mean[j] = average;
            deviation[j] = Math.Max(Math.Sqrt(rows.Average(r => (r[j] - average) * (r[j] - average))), 1e-9);
        }
        double[][] scaled = [.. rows.Select(r => Scale(r, mean, deviation))];
        return new SummaryLogistic(values, marks, mean, deviation, Descend(scaled, truth, labels.Length), labels);
    }

    /// <summary>Probability of each kind after each event. Shape [n][labels].</summary>
    public double[][] Predict(EventSequence sequence) =>
        [.. Summaries(sequence, _values, _marks).Select(r => Probabilities(Scale(r, _mean, _deviation), _coefficients))];

    /// <summary>Summaries of what had come up to each event. Shape [n][6 values + marks].</summary>
    private static IEnumerable<double[]> Summaries(EventSequence sequence, string[] values, string[] marks)
    {
        double[]?[] columns = [.. values.Select(v => sequence.Values?.GetValueOrDefault(v))];
        var sums = new (int Count, double Sum, double Square, double First, double Last, double Least, double Most)[values.Length];
        double[] came = new double[marks.Length];
        for (int t = 0; t < sequence.Times.Length; t++)
        {
            double[] row = new double[PerValue * values.Length + marks.Length];
            for (int i = 0; i < values.Length; i++)
            {
                if (columns[i]?[t] is { } x && !double.IsNaN(x))
                {
                    ref var s = ref sums[i];
                    s = s.Count == 0 ? (1, x, x * x, x, x, x, x)
                        : (s.Count + 1, s.Sum + x, s.Square + x * x, s.First, x, Math.Min(s.Least, x), Math.Max(s.Most, x));
                }
                if (sums[i] is { Count: > 0 } seen)
                {
                    double mean = seen.Sum / seen.Count;
                    double deviation = Math.Sqrt(Math.Max(0, seen.Square / seen.Count - mean * mean));
                    new[] { mean, deviation, seen.First, seen.Last, seen.Least, seen.Most }.CopyTo(row, PerValue * i);
                }
            }
            if (sequence.Marks is { } of && Array.IndexOf(marks, of[t]) is >= 0 and var mark)
            {
                came[mark]++;
            }
            for (int i = 0; i < marks.Length; i++)
            {
                row[PerValue * values.Length + i] = came[i] / (t + 1);
            }
            yield return row;
        }
    }

    /// <summary>With a 1 behind it, for the constant.</summary>
    private static double[] Scale(double[] row, double[] mean, double[] deviation) =>
        [.. row.Select((x, j) => (x - mean[j]) / deviation[j]), 1];

    /// <summary>Gradient descent with Nesterov's momentum: the loss is convex, and so is its penalty.</summary>
    private static double[][] Descend(double[][] rows, int[] truth, int labels)
    {
        int features = rows[0].Length;
        double[][] at = Zeros(), before = Zeros(), ahead = Zeros();
        double step = 1 / (0.5 * LargestCurvature(rows) + Penalty), momentum = 1;
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            double[][] gradient = Zeros();
            for (int i = 0; i < rows.Length; i++)
            {
                double[] p = Probabilities(rows[i], ahead);
                for (int k = 0; k < labels; k++)
                {
                    double error = (p[k] - (k == truth[i] ? 1 : 0)) / rows.Length;
                    for (int j = 0; j < features; j++)
                    {
                        gradient[k][j] += error * rows[i][j];
                    }
                }
            }
            double next = (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2, onward = (momentum - 1) / next;
            momentum = next;
            (before, at) = (at, before);
            for (int k = 0; k < labels; k++)
            {
                for (int j = 0; j < features; j++)
                {
                    at[k][j] = ahead[k][j] - step * (gradient[k][j] + Penalty * ahead[k][j]);
                    ahead[k][j] = at[k][j] + onward * (at[k][j] - before[k][j]);
                }
            }
        }
        return at;

        double[][] Zeros() => [.. Enumerable.Range(0, labels).Select(_ => new double[features])];
    }

    /// <summary>Largest eigenvalue of the mean outer product, by power iteration, with some air.</summary>
    private static double LargestCurvature(double[][] rows)
    {
        int features = rows[0].Length;
        double[] v = [.. Enumerable.Repeat(1.0, features)];
        double length = 1;
        for (int iteration = 0; iteration < 30; iteration++)
        {
            double[] next = new double[features];
            foreach (double[] row in rows)
            {
                double dot = 0;
                for (int j = 0; j < features; j++)
                {
                    dot += row[j] * v[j];
                }
                for (int j = 0; j < features; j++)
                {
                    next[j] += dot * row[j] / rows.Length;
                }
            }
            length = Math.Sqrt(next.Sum(x => x * x));
            v = [.. next.Select(x => x / Math.Max(length, 1e-300))];
        }
        return 1.1 * length;
    }

    private static double[] Probabilities(double[] row, double[][] coefficients)
    {
        double[] p = new double[coefficients.Length];
        double max = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < p.Length; k++)
        {
            double logit = 0;
            double[] of = coefficients[k];
            for (int j = 0; j < row.Length; j++)
            {
                logit += of[j] * row[j];
            }
            p[k] = logit;
            max = Math.Max(max, logit);
        }
        for (int k = 0; k < p.Length; k++)
        {
            sum += p[k] = Math.Exp(p[k] - max);
        }
        for (int k = 0; k < p.Length; k++)
        {
            p[k] /= sum;
        }
        return p;
    }
}
