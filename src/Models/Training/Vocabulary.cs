using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>Rare marks of a training set that became one mark, <see cref="ModelConfig.OtherMark"/>.</summary>
/// <param name="Marks">How many different ones.</param>
/// <param name="Events">Events with one of them.</param>
/// <param name="Of">Events of the training set.</param>
public sealed record FoldedMarks(int Marks, long Events, long Of);

/// <summary>The marks that a model tells apart: all of the training set's, or the most frequent ones and one mark for the others.</summary>
internal static class Vocabulary
{
    /// <summary>The marks of a training set, integers in numeric order, then the others by their characters; <see cref="ModelConfig.OtherMark"/>
    /// last where marks were folded into it.</summary>
    /// <param name="most">Most marks, <see cref="ModelConfig.OtherMark"/> included; 2 or more.</param>
    /// <param name="folded">What was folded; null where all fit.</param>
    public static List<string> Of(IReadOnlyList<EventSequence> train, int most, out FoldedMarks? folded)
    {
        var counts = new Dictionary<string, long>();
        foreach (string mark in train.SelectMany(s => s.Marks ?? []).Where(m => m.Length > 0))
        {
            counts[mark] = counts.GetValueOrDefault(mark) + 1;
        }
        if (counts.Count <= most)
        {
            folded = null;
            return [.. counts.Keys.Order(MarkOrder.Instance)];
        }
        // A mark that is called "other" already says the same of itself.
        HashSet<string> kept = [.. counts.Where(c => c.Key != ModelConfig.OtherMark)
            .OrderByDescending(c => c.Value).ThenBy(c => c.Key, MarkOrder.Instance).Take(most - 1).Select(c => c.Key)];
        folded = new FoldedMarks(counts.Count - kept.Count, counts.Where(c => !kept.Contains(c.Key)).Sum(c => c.Value),
            train.Sum(s => (long)s.Times.Length));
        return [.. kept.Order(MarkOrder.Instance), ModelConfig.OtherMark];
    }

    private sealed class MarkOrder : IComparer<string>
    {
        public static readonly MarkOrder Instance = new();

        public int Compare(string? x, string? y) =>
            (long.TryParse(x, out long a), long.TryParse(y, out long b)) switch
            {
                (true, true) => a.CompareTo(b),
                (true, false) => -1,
                (false, true) => 1,
                _ => string.CompareOrdinal(x, y),
            };
    }
}
