using System.Globalization;
using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>Puts what streams did before, from files of their own, in front of what is to be scored.</summary>
internal static class StreamPasts
{
    /// <summary>Sequences that begin with their past (<see cref="EventSequence.Past"/>), in their own order; pasts of other streams are
    /// left out.</summary>
    /// <param name="past">The pasts' file, for errors.</param>
    /// <param name="pasts">Sequences of that file, with times as those of <paramref name="sequences"/> count.</param>
    /// <param name="sequences">What comes behind them; may have a past already, which comes behind theirs.</param>
    /// <exception cref="EventFileException">A file names a stream twice, a past ends behind what it is the past of, only one of the two has
    /// marks, or no stream has a past.</exception>
    public static List<EventSequence> PutBefore(string past, IReadOnlyList<EventSequence> pasts, IReadOnlyList<EventSequence> sequences)
    {
        Dictionary<string, EventSequence> byId = [];
        foreach (EventSequence sequence in pasts)
        {
            if (!byId.TryAdd(sequence.Id, sequence))
            {
                throw Twice(past, sequence.Id);
            }
        }
        HashSet<string> seen = [];
        List<EventSequence> continued = [.. sequences.Select(sequence => !seen.Add(sequence.Id) ? throw Twice("The scored file", sequence.Id)
            : byId.TryGetValue(sequence.Id, out EventSequence? before) ? Join(past, before, sequence) : sequence)];
        return seen.Overlaps(byId.Keys) ? continued : throw new EventFileException(past, 0,
            "It has none of the streams that are scored, so it is not their past. Streams are told by their name; sequences by their id.");
    }

    private static EventSequence Join(string past, EventSequence before, EventSequence sequence)
    {
        if (before.Times.Length > 0 && sequence.Times.Length > 0 && before.Times[^1] > sequence.Times[0])
        {
            throw new EventFileException(past, 0, string.Create(CultureInfo.InvariantCulture,
                $"Stream '{VisibleText.Of(sequence.Id)}' has an event at {before.Times[^1]} in it, behind the first that is scored, at {sequence.Times[0]}. A past must end before what it is the past of begins, on the same clock."));
        }
        if (before.Marks is null != sequence.Marks is null && before.Times.Length > 0 && sequence.Times.Length > 0)
        {
            throw new EventFileException(past, 0, $"Stream '{VisibleText.Of(sequence.Id)}' has marks {(before.Marks is null ? "only where it is scored" : "only in it")}. Both must have marks, or none.");
        }
        return sequence with
        {
            Times = [.. before.Times, .. sequence.Times],
            Marks = sequence.Marks is null ? null : [.. before.Marks ?? [], .. sequence.Marks],
            Values = JoinValues(before, sequence),
            Label = sequence.Label ?? before.Label,
            Past = before.Times.Length + sequence.Past,
        };
    }

    private static Dictionary<string, double[]>? JoinValues(EventSequence before, EventSequence sequence)
    {
        string[] names = [.. (before.Values?.Keys ?? []).Union(sequence.Values?.Keys ?? [])];
        return names.Length == 0 ? null
            : names.ToDictionary(name => name, double[] (name) => [.. Column(before, name), .. Column(sequence, name)]);

        static double[] Column(EventSequence sequence, string name)
        {
            if (sequence.Values?.GetValueOrDefault(name) is { } values)
            {
                return values;
            }
            double[] none = new double[sequence.Times.Length];
            Array.Fill(none, double.NaN);
            return none;
        }
    }

    private static EventFileException Twice(string path, string id) => new(path, 0,
        $"Stream '{VisibleText.Of(id)}' is there twice, and which of the two goes on cannot be told. Give each sequence an id of its own.");
}
