using Foretell.Models.PointProcess;

namespace Foretell.Models.Policies;

/// <summary>What actions cost, where the log's reward does not have it yet.</summary>
public static class ActionCosts
{
    /// <summary>The same streams, each event's reward less what its mark costs; an event that has none, and costs, has the cost
    /// alone.</summary>
    /// <param name="sequences">Streams with marks.</param>
    /// <param name="reward">Name of the value that is the reward.</param>
    /// <param name="costs">By mark, in the reward's unit.</param>
    /// <exception cref="ArgumentException">No event has a mark that costs.</exception>
    public static List<EventSequence> Subtract(IReadOnlyList<EventSequence> sequences, string reward,
        IReadOnlyDictionary<string, double> costs)
    {
        string? unknown = costs.Keys.FirstOrDefault(mark => !sequences.Any(s => s.Marks?.Contains(mark) ?? false));
        return unknown is null ? [.. sequences.Select(s => Subtract(s, reward, costs))]
            : throw new ArgumentException($"'{unknown}' is to cost something, and no event has this mark.", nameof(costs));
    }

    private static EventSequence Subtract(EventSequence sequence, string reward, IReadOnlyDictionary<string, double> costs)
    {
        if (sequence.Marks is not { } marks || !Array.Exists(marks, costs.ContainsKey))
        {
            return sequence;
        }
        double[]? given = sequence.Values?.GetValueOrDefault(reward);
        double[] net = [.. marks.Select((mark, i) =>
        {
            double own = given?[i] ?? double.NaN;
            return costs.TryGetValue(mark, out double cost) ? (double.IsNaN(own) ? 0 : own) - cost : own;
        })];
        var values = new Dictionary<string, double[]>(sequence.Values ?? new Dictionary<string, double[]>()) { [reward] = net };
        return sequence with { Values = values };
    }
}
