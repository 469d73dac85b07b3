using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>One data set in two: what is learned from, and what decides when to stop.</summary>
/// <remarks>
/// Many streams are split by stream: the fifth of them whose names have the least hashes is dev, so that a stream stays where it is,
/// whatever else the file holds, but for those at the border. Few streams, or one that outweighs the others, are split by time: the
/// first four fifths of all events are train. The same data is always split alike.
/// </remarks>
/// <param name="Train">Sequences to learn from.</param>
/// <param name="Dev">Sequences that decide when to stop; by time each begins with its last event of train, as context.</param>
/// <param name="Cut">Time of the last event of train where the split is by time; null where it is by stream.</param>
public sealed record DataSplit(IReadOnlyList<EventSequence> Train, IReadOnlyList<EventSequence> Dev, double? Cut)
{
    /// <summary>Dev has one in so many streams, or events.</summary>
    public const int DevShare = 5;

    /// <summary>Fewest streams of two events that are split by stream.</summary>
    public const int ManyStreams = 50;

    /// <summary>A stream with more than one in so many events outweighs the others: alone it would decide what a set is like.</summary>
    private const int Outweighs = 10;

    /// <summary>Splits sequences.</summary>
    /// <exception cref="ArgumentException">No way leaves two events of one stream on both sides.</exception>
    public static DataSplit Of(IReadOnlyList<EventSequence> sequences)
    {
        long events = sequences.Sum(s => (long)s.Times.Length);
        string[] streams = [.. sequences.Where(HasGap).Select(s => s.Id).Distinct()];
        return streams.Length >= ManyStreams && sequences.All(s => s.Times.Length <= events / Outweighs)
            ? ByStream(sequences, streams)
            : ByTime(sequences, events);
    }

    private static DataSplit ByStream(IReadOnlyList<EventSequence> sequences, string[] streams)
    {
        HashSet<string> dev = [.. streams.OrderBy(Hash).Take(streams.Length / DevShare)];
        return new DataSplit([.. sequences.Where(s => !dev.Contains(s.Id))], [.. sequences.Where(s => dev.Contains(s.Id))], null);
    }

    private static DataSplit ByTime(IReadOnlyList<EventSequence> sequences, long events)
    {
        double[] times = [.. sequences.SelectMany(s => s.Times).Order()];
        // An event of the latest time would leave none behind the cut.
        double[] before = events == 0 ? [] : [.. times.TakeWhile(t => t < times[^1])];
        if (before.Length > 0)
        {
            double cut = before[Math.Min(before.Length, times.Length - times.Length / DevShare) - 1];
            EventSequence[] train = [.. sequences.Select(s => Before(s, cut)).Where(s => s.Times.Length > 0)];
            EventSequence[] dev = [.. sequences.Select(s => Behind(s, cut)).Where(s => s.Times.Length > 0)];
            if (Array.Exists(train, HasGap) && Array.Exists(dev, HasGap))
            {
                return new DataSplit(train, dev, cut);
            }
        }
        throw new ArgumentException(
            $"The data cannot be split into train and dev: {sequences.Count} streams with {events} events in all leave no stream with two events on both sides of a cut in time. Give more events, or two files with --train and --dev.",
            nameof(sequences));
    }

    private static EventSequence Before(EventSequence sequence, double cut)
    {
        int count = sequence.Times.Count(t => t <= cut);
        return sequence.Slice(0, count) with { Until = sequence.Until is null ? null : cut, Past = 0 };
    }

    private static EventSequence Behind(EventSequence sequence, double cut)
    {
        int first = Math.Max(0, sequence.Times.Count(t => t <= cut) - 1);
        // A stream that ended before the cut has nothing to say behind it, unless its silence counts.
        first = sequence.Times is [.., var last] && last <= cut && sequence.Until is null ? sequence.Times.Length : first;
        return sequence.Slice(first, sequence.Times.Length);
    }

    private static bool HasGap(EventSequence sequence) => sequence.Times.Length > 1;

    private static ulong Hash(string stream) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(stream)));
}
