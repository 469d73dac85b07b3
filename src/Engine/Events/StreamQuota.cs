using System.Globalization;

namespace Foretell.Engine.Events;

/// <summary>How many streams a partition may have, and how many of them may begin within a minute of append times.</summary>
/// <remarks>A part of the policy that the log holds, so that a replay decides the same; what is used of the minute is kept with the rows
/// (docs/decisions/0029-a-quota-of-streams-is-in-the-log.md).</remarks>
/// <param name="Streams">Streams of the partition, at most.</param>
/// <param name="PerMinute">New streams of the partition in a minute, at most.</param>
public sealed record StreamQuota(long Streams, long PerMinute)
{
    /// <summary>Share of <see cref="Streams"/> from which on it is told that they come to an end.</summary>
    public const double Warning = 0.8;

    private const string Name = ";streams=", MinuteName = ";minute=", InMinuteName = ";begun=";

    /// <summary>Minute since 1970, of append times, that <see cref="Begun"/> is of.</summary>
    public long Minute { get; init; }

    /// <summary>Streams that began in <see cref="Minute"/>.</summary>
    public long Begun { get; init; }

    /// <summary>Each partition's share of a platform's quota; null where nothing is bounded.</summary>
    /// <param name="streams">Streams of all partitions; 0 for any number.</param>
    /// <param name="perMinute">New streams of all partitions in a minute; 0 for any number.</param>
    /// <param name="partitions">Partitions of the log.</param>
    public static StreamQuota? Share(long streams, long perMinute, int partitions)
    {
        return streams == 0 && perMinute == 0 ? null : new StreamQuota(Of(streams), Of(perMinute));

        // Keys spread evenly, but not quite: where few are allowed in all, a partition may be full a little before the platform is.
        long Of(long all) => all == 0 ? long.MaxValue : Math.Max(1, (all / partitions) + (all % partitions == 0 ? 0 : 1));
    }

    /// <summary>The quota with one more stream begun, or why none may be.</summary>
    /// <param name="streams">Streams that the partition has.</param>
    /// <param name="appendTicks">When the event was appended that would begin one.</param>
    /// <param name="refusal">Output: one sentence; null when it may.</param>
    public StreamQuota Begin(long streams, long appendTicks, out string? refusal)
    {
        long minute = Math.DivRem(appendTicks, TimeSpan.TicksPerMinute).Quotient, begun = minute == Minute ? Begun : 0;
        refusal = streams >= Streams
            ? $"The event would begin a new stream, and the partition has the {Streams} streams that it may have."
            : begun >= PerMinute
                ? $"The event would begin a new stream, and {PerMinute} began in the partition in this minute, as many as may."
                : null;
        return refusal is null ? this with { Minute = minute, Begun = begun + 1 } : this;
    }

    /// <summary>The text behind a policy's: ";streams=1000;minute=50;begun=28333333:7", the last part where streams began.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name}{Streams}{MinuteName}{PerMinute}{(Begun == 0 ? "" : $"{InMinuteName}{Minute}:{Begun}")}");

    /// <summary>Takes a quota's text off the end of a policy's; where there is none the text is as it was.</summary>
    /// <param name="text">The policy's text.</param>
    /// <param name="quota">Output: the quota, or null.</param>
    /// <returns>False where a quota begins that cannot be read.</returns>
    internal static bool TryTakeFrom(ref string text, out StreamQuota? quota)
    {
        quota = null;
        int at = text.IndexOf(Name, StringComparison.Ordinal);
        if (at < 0)
        {
            return true;
        }
        string[] parts = text[at..].Split(';');
        text = text[..at];
        if (parts.Length is not (3 or 4) || !TryNumber(parts[1], Name, out long streams)
            || !TryNumber(parts[2], MinuteName, out long perMinute))
        {
            return false;
        }
        quota = new StreamQuota(streams, perMinute);
        if (parts.Length == 3)
        {
            return true;
        }
        string[] begun = parts[3].Split(':', 2);
        if (begun.Length != 2 || !TryNumber(begun[0], InMinuteName, out long minute) || !TryNumber(begun[1], ";", out long streamsBegun))
        {
            return false;
        }
        quota = quota with { Minute = minute, Begun = streamsBegun };
        return true;
    }

    /// <summary>A number behind a part's name, which here begins with ';'.</summary>
    private static bool TryNumber(string part, string name, out long number)
    {
        number = 0;
        return part.AsSpan().StartsWith(name.AsSpan(1))
            && long.TryParse(part.AsSpan(name.Length - 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
