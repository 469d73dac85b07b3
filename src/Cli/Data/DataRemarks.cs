using System.Security.Cryptography;
using System.Runtime.InteropServices;
using System.Text;
using Foretell.Cli.Shell;
using Foretell.Models.PointProcess;

namespace Foretell.Cli.Data;

/// <summary>What is strange about training data, a sentence each: found before training, where it costs a minute and not a model.</summary>
internal static class DataRemarks
{
    /// <summary>Sets with as many gaps of 0 are rather stamped by a coarse clock than simultaneous.</summary>
    private const double ManyTies = 0.5;

    /// <summary>Two sets of one kind hardly differ by so much, and minutes taken for seconds do by more.</summary>
    private const double Far = 50;

    /// <summary>Everything strange about two sets.</summary>
    /// <param name="train">What is learned from.</param>
    /// <param name="dev">What decides when to stop.</param>
    /// <param name="unitSeconds">Seconds a unit of their times.</param>
    /// <param name="unknown">Dev's events with a mark that train lacks.</param>
    public static List<string> OfTraining(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev, double unitSeconds,
        UnknownMarks unknown)
    {
        double? usual = TimeUnits.UsualGap(train);
        string?[] remarks =
        [
            usual is { } gap ? TimeUnits.Remark(gap, unitSeconds) : null,
            OtherUnit(dev, "dev", TimeUnits.MedianGap(train), unitSeconds),
            Ties(train, "train"),
            Ties(dev, "dev"),
            Same(train, dev),
            Unmarked(train),
            Unseen(unknown),
        ];
        return [.. remarks.OfType<string>()];
    }

    /// <summary>Half of a set's gaps or more are 0.</summary>
    public static string? Ties(IReadOnlyList<EventSequence> sequences, string set)
    {
        long gaps = 0, ties = 0;
        foreach (EventSequence sequence in sequences)
        {
            for (int t = 1; t < sequence.Times.Length; t++)
            {
                gaps++;
                ties += sequence.Times[t] == sequence.Times[t - 1] ? 1 : 0;
            }
        }
        return gaps > 0 && ties >= ManyTies * gaps
            ? $"{Format.Percent((double)ties / gaps)} of the gaps of {set} are 0: its times may be cut to whole days or the like, or its events be there twice."
            : null;
    }

    /// <summary>A set's gaps are of another order than those of train, or than a model's.</summary>
    /// <param name="median">Median gap of those, time units.</param>
    public static string? OtherUnit(IReadOnlyList<EventSequence> sequences, string set, double? median, double unitSeconds) =>
        TimeUnits.MedianGap(sequences) is > 0 and var gap && median is > 0 and var expected
            && (gap >= Far * expected || gap <= expected / Far)
            ? $"The median gap of {set} is {Format.Duration(gap * unitSeconds)}, and that of training {Format.Duration(expected * unitSeconds)}: are the times of both in the same unit?"
            : null;

    private static string? Same(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev)
    {
        HashSet<string> learned = [.. train.Where(HasGap).Select(Fingerprint)];
        int all = dev.Count(HasGap), same = dev.Count(s => HasGap(s) && learned.Contains(Fingerprint(s)));
        return same == 0 || 2 * same < all ? null
            : same == all && learned.Count == all
                ? "Train and dev are the same data: the score on dev says nothing of data that the model has not seen. Split them by stream or by time; --data does that by itself."
                : $"{Format.Count(same)} of the {Format.Count(all)} streams of dev are in train, too: the score on dev says little of data that the model has not seen.";
    }

    private static string? Unmarked(IReadOnlyList<EventSequence> train)
    {
        long events = train.Sum(s => (long)s.Times.Length), marked = train.Sum(s => (long)(s.Marks?.Count(m => m.Length > 0) ?? 0));
        return marked > 0 && marked < events
            ? $"{Format.Count(events - marked)} of the {Format.Count(events)} events of train have no mark: they count as events with an unknown mark."
            : null;
    }

    private static string? Unseen(UnknownMarks unknown) => unknown.Events == 0 ? null
        : unknown.Events == unknown.Of
            ? $"Train and dev have no mark in common (dev has {MarkRemark.Examples(unknown)}): are their columns the same?"
            : $"{MarkRemark.Count(unknown)} of dev have a mark that train never has ({MarkRemark.Examples(unknown)}).";

    private static bool HasGap(EventSequence sequence) => sequence.Times.Length > 1;

    private static string Fingerprint(EventSequence sequence)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(sequence.Id + "\0" + string.Join('\0', sequence.Marks ?? [])));
        hash.AppendData(MemoryMarshal.AsBytes<double>(sequence.Times));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
