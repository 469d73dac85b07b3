using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Labels;

/// <summary>A simple method: multinomial logistic regression on running summaries of a stream, fitted for one number of events. Of each
/// value mean, deviation, first, last, least and most so far; of each mark its share so far.</summary>
public sealed class SummaryLogistic
{
    private const int PerValue = 6;

    private readonly string[] _values, _marks;
    private readonly LogisticRegression _regression;

    private SummaryLogistic(string[] values, string[] marks, LogisticRegression regression, string[] labels)
    {
        (_values, _marks, _regression) = (values, marks, regression);
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
        return new SummaryLogistic(values, marks, LogisticRegression.Fit(rows, truth, labels.Length), labels);
    }

    /// <summary>Probability of each kind after each event. Shape [n][labels].</summary>
    public double[][] Predict(EventSequence sequence) =>
        [.. Summaries(sequence, _values, _marks).Select(_regression.Probabilities)];

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
}
