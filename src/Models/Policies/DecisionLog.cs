using System.Globalization;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Policies;

/// <summary>The decisions of a log, in episodes that do not overlap: one begins at a stream's first decision, and the next at its first
/// decision behind that one's end.</summary>
public sealed class DecisionLog
{
    private DecisionLog(IReadOnlyList<string> actions, IReadOnlyList<Episode> episodes, int streams, int unfinished) =>
        (Actions, Episodes, Streams, Unfinished) = (actions, episodes, streams, unfinished);

    /// <summary>The actions.</summary>
    public IReadOnlyList<string> Actions { get; }

    /// <summary>Episodes that were watched to their end.</summary>
    public IReadOnlyList<Episode> Episodes { get; }

    /// <summary>Streams, with and without episodes.</summary>
    public int Streams { get; }

    /// <summary>Episodes that go on behind the end of the observation, and are left out.</summary>
    public int Unfinished { get; }

    /// <summary>Actions of a set of streams: those that are named, or all that its decisions took.</summary>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public static string[] ActionsOf(IReadOnlyList<EventSequence> train, DecisionColumns columns)
    {
        string[] actions = columns.Actions is { } named ? [.. named.Distinct()]
            : [.. train.SelectMany(s => DecisionsOf(s, columns).Select(i => MarkOf(s, i))).Distinct().Order(StringComparer.Ordinal)];
        return actions.Length > 1 ? actions : throw new ArgumentException(actions.Length == 0
            ? $"No event of train carries a value '{columns.Propensity}', which says how likely its action was. Write it into \"v\" of every decision, and null elsewhere."
            : $"There is one action, '{actions[0]}', and nothing to choose from. A log for this has two or more.", nameof(train));
    }

    /// <summary>Reads the decisions of streams.</summary>
    /// <param name="sequences">Streams. They were watched to their <see cref="EventSequence.Until"/>, or to the latest event of
    /// all.</param>
    /// <param name="columns">What is a decision.</param>
    /// <param name="actions">The actions (<see cref="ActionsOf"/>).</param>
    /// <param name="states">What of a stream's past counts.</param>
    /// <exception cref="ArgumentException">A decision is none of these actions, or lacks its probability, or there is no whole
    /// episode.</exception>
    public static DecisionLog Of(IReadOnlyList<EventSequence> sequences, DecisionColumns columns, IReadOnlyList<string> actions,
        StateSummaries states)
    {
        double latest = sequences.Max(s => s.Until ?? (s.Times.Length > 0 ? s.Times[^1] : double.NegativeInfinity));
        if (!sequences.Any(s => s.Values?.ContainsKey(columns.Reward) ?? false))
        {
            string[] names = [.. sequences.SelectMany(s => s.Values?.Keys ?? []).Distinct()];
            throw new ArgumentException($"No event carries a value '{columns.Reward}', which is to be the reward; "
                + (names.Length == 0 ? "the streams have no values at all." : $"there is {string.Join(", ", names)}."), nameof(sequences));
        }
        Dictionary<string, int> index = actions.Select((a, i) => (a, i)).ToDictionary(a => a.a, a => a.i);
        var episodes = new List<Episode>();
        int unfinished = 0;
        for (int stream = 0; stream < sequences.Count; stream++)
        {
            foreach (Episode? episode in EpisodesOf(sequences[stream], stream, sequences[stream].Until ?? latest, columns, index, states))
            {
                if (episode is not null)
                {
                    episodes.Add(episode);
                }
                else
                {
                    unfinished++;
                }
            }
        }
        return episodes.Count > 0 ? new DecisionLog(actions, episodes, sequences.Count, unfinished)
            : throw new ArgumentException(unfinished == 0 ? $"No event carries a value '{columns.Propensity}', so there is no decision."
                : string.Create(CultureInfo.InvariantCulture, $"No episode of {columns.Horizon} time units ends before the streams do, at {latest}. Take a shorter horizon."),
                nameof(sequences));
    }

    /// <summary>Null stands for an episode that was not watched to its end.</summary>
    private static IEnumerable<Episode?> EpisodesOf(EventSequence sequence, int stream, double until, DecisionColumns columns,
        Dictionary<string, int> index, StateSummaries states)
    {
        int[] decisions = [.. DecisionsOf(sequence, columns)];
        StateSummaries.Running running = states.Begin(sequence);
        double[]? rewards = sequence.Values?.GetValueOrDefault(columns.Reward);
        int read = 0;
        for (int first = 0, next; first < decisions.Length; first = next)
        {
            double begun = sequence.Times[decisions[first]], end = begun + columns.Horizon ?? double.PositiveInfinity;
            next = first + 1;
            while (columns.Horizon is not null && next < decisions.Length && sequence.Times[decisions[next]] < end)
            {
                next++;
            }
            var members = new Decision[next - first];
            for (int d = first; d < next; d++)
            {
                int at = decisions[d];
                for (; read < at; read++)
                {
                    running.Add(read);
                }
                double reward = 0;
                int stop = d + 1 < decisions.Length ? decisions[d + 1] : sequence.Times.Length;
                for (int i = at; i < stop && sequence.Times[i] < end; i++)
                {
                    reward += rewards is null || double.IsNaN(rewards[i]) ? 0 : rewards[i];
                }
                members[d - first] = new Decision(sequence.Id, at, ActionOf(sequence, at, index),
                    PropensityOf(sequence, at, columns), running.At(sequence.Times[at], sequence.Times[at] - begun), reward, 0);
            }
            double onward = 0;
            for (int d = members.Length - 1; d >= 0; d--)
            {
                onward += members[d].Reward;
                members[d] = members[d] with { Return = onward };
            }
            yield return columns.Horizon is not null && end > until ? null : new Episode(stream, members);
        }
    }

    /// <summary>Events that say how likely they were, and events with a mark that is named as an action.</summary>
    private static IEnumerable<int> DecisionsOf(EventSequence sequence, DecisionColumns columns)
    {
        double[]? propensities = sequence.Values?.GetValueOrDefault(columns.Propensity);
        return Enumerable.Range(0, sequence.Times.Length).Where(i => propensities is not null && !double.IsNaN(propensities[i])
            || columns.Actions is { } actions && sequence.Marks is { } marks && actions.Contains(marks[i]));
    }

    private static int ActionOf(EventSequence sequence, int at, Dictionary<string, int> index) =>
        index.TryGetValue(MarkOf(sequence, at), out int action) ? action : throw new ArgumentException(
            $"{Where(sequence, at)} is a decision for '{sequence.Marks![at]}', which is none of the actions {Few(index.Keys)}. Name all of them with --actions.");

    private static double PropensityOf(EventSequence sequence, int at, DecisionColumns columns)
    {
        double p = sequence.Values?.GetValueOrDefault(columns.Propensity)?[at] ?? double.NaN;
        return p > 0 && p <= 1 ? p : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"{Where(sequence, at)} is a decision, and its '{columns.Propensity}' is {(double.IsNaN(p) ? "missing" : p)}; expected the probability of its action, above 0 and at most 1."));
    }

    private static string MarkOf(EventSequence sequence, int at) => sequence.Marks is { } marks ? marks[at]
        : throw new ArgumentException($"Stream '{sequence.Id}' has no marks, and a decision's mark is its action. Write them into \"k\".");

    private static string Where(EventSequence sequence, int at) => $"Event {at} of stream '{sequence.Id}'";

    private static string Few(IEnumerable<string> names) =>
        string.Join(", ", names.Take(10)) + (names.Skip(10).Any() ? ", ..." : "");
}
