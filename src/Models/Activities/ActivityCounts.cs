using Foretell.Models.PointProcess;

namespace Foretell.Models.Activities;

/// <summary>A simple method: how often each activity, or the end of the case, followed the latest ones in training. A Markov chain of any
/// order.</summary>
/// <remarks>Each past leans on the one that is an activity shorter: p(b | c) = (n_cb + s p(b | c without its oldest)) / (n_c + s), down to
/// each activity's frequency, with one count more for all. A case's beginning is part of its past.</remarks>
internal sealed class ActivityCounts
{
    /// <summary>Weight s of the shorter past, events.</summary>
    private const double Prior = 2;

    private const char Beginning = '\uffff';

    private readonly Dictionary<string, int> _index;
    private readonly Dictionary<string, int[]> _counts = [];

    /// <param name="train">Whole cases.</param>
    /// <param name="activities">Activities m, in the order of the probabilities.</param>
    /// <param name="order">Latest activities that are looked at; 0 for none.</param>
    public ActivityCounts(IReadOnlyList<EventSequence> train, IReadOnlyList<string> activities, int order)
    {
        _index = activities.Select((name, i) => (name, i)).ToDictionary(a => a.name, a => a.i);
        (Activities, Order) = (activities.Count, order);
        foreach (EventSequence one in train)
        {
            string past = Past(one);
            for (int next = 1; next <= one.Times.Length; next++)
            {
                int came = next == one.Times.Length ? activities.Count : past[order + next];
                for (int length = 0; length <= order; length++)
                {
                    string context = past.Substring(order + next - length, length);
                    if (!_counts.TryGetValue(context, out int[]? counts))
                    {
                        _counts[context] = counts = new int[activities.Count + 1];
                    }
                    counts[came]++;
                }
            }
        }
    }

    /// <summary>Activities m.</summary>
    public int Activities { get; }

    /// <summary>Latest activities that are looked at.</summary>
    public int Order { get; }

    /// <summary>Probability of each activity, and of the end, after each event. Shape [n][m + 1].</summary>
    public double[][] Predict(EventSequence one)
    {
        string past = Past(one);
        return [.. Enumerable.Range(1, one.Times.Length).Select(next =>
        {
            double[] p = [.. Enumerable.Repeat(1.0 / (Activities + 1), Activities + 1)];
            for (int length = 0; length <= Order; length++)
            {
                if (!_counts.TryGetValue(past.Substring(Order + next - length, length), out int[]? counts))
                {
                    break;
                }
                double total = counts.Sum(), prior = length == 0 ? Activities + 1 : Prior;
                p = [.. p.Select((shorter, b) => (counts[b] + prior * shorter) / (total + prior))];
            }
            return p;
        })];
    }

    /// <summary>A character an activity, behind as many that stand for the beginning as are looked at. What train does not have is one of
    /// its own.</summary>
    private string Past(EventSequence one) => new string(Beginning, Order)
        + string.Concat(one.Marks!.Select(mark => (char)_index.GetValueOrDefault(mark, Activities)));
}
