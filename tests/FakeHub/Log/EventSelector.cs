using System.Globalization;
using System.Text.RegularExpressions;

namespace Foretell.FakeHub.Log;

/// <summary>Where a receiver begins: what the selector filter of its source says.</summary>
internal static partial class EventSelector
{
    /// <summary>The index in the log that a receiver begins at.</summary>
    /// <param name="selector">The filter's text; null begins at the first event.</param>
    /// <param name="last">Number of the last event that the partition ever got, -1 without.</param>
    /// <exception cref="HubException">The filter is none, or lies beyond the end.</exception>
    public static int Find(EventLog log, string? selector, long last, bool isGeoReplicated)
    {
        if (selector is null)
        {
            return 0;
        }
        Match match = Pattern().Match(selector);
        if (!match.Success)
        {
            throw new HubException(HubConditions.ArgumentError, $"The supplied filter '{selector}' is invalid.");
        }
        bool isInclusive = match.Groups["operator"].Value == ">=";
        string value = match.Groups["value"].Value;
        return match.Groups["name"].Value switch
        {
            "offset" => ByOffset(log, value, isInclusive, isGeoReplicated),
            "sequence-number" => BySequenceNumber(log, Number(value, "sequence number"), isInclusive, last),
            _ => ByTime(log, Number(value, "enqueued time"), isInclusive),
        };
    }

    private static int ByOffset(EventLog log, string value, bool isInclusive, bool isGeoReplicated)
    {
        switch (value)
        {
            case "-1":
                return 0;
            case "@latest":
                return log.Count;
        }
        if (OffsetFormat.Read(value, isGeoReplicated) is not { } offset)
        {
            throw new HubException(isGeoReplicated ? HubConditions.InvalidOffset : HubConditions.ArgumentError,
                $"The supplied offset '{value}' is invalid.");
        }
        // Everything up to the end was there once, even what was trimmed; what begins at the end is still to come.
        if (offset >= log.NextOffset)
        {
            string end = log.Count > 0 ? OffsetFormat.Write(log[^1].Offset, isGeoReplicated) : "-1";
            throw new HubException(HubConditions.ArgumentError,
                $"The supplied offset '{value}' is invalid. The last offset in the system is '{end}'");
        }
        return log.First(stored => isInclusive ? stored.Offset >= offset : stored.Offset > offset);
    }

    private static int BySequenceNumber(EventLog log, long number, bool isInclusive, long last) => number > Math.Max(last, -1)
        ? throw new HubException(HubConditions.ArgumentError,
            $"The supplied sequence number '{number}' is invalid. The last sequence number in the system is '{last}'")
        : log.First(stored => isInclusive ? stored.SequenceNumber >= number : stored.SequenceNumber > number);

    private static int ByTime(EventLog log, long time, bool isInclusive) =>
        log.First(stored => isInclusive ? stored.EnqueuedTime >= time : stored.EnqueuedTime > time);

    private static long Number(string value, string what) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new HubException(HubConditions.ArgumentError, $"The supplied {what} '{value}' is invalid.");

    /// <summary>The value stands in quotes or not, by the language of the client.</summary>
    [GeneratedRegex(@"^\s*amqp\.annotation\.x-opt-(?<name>offset|sequence-number|enqueued-time)\s*(?<operator>>=?)\s*(['""]?)(?<value>[^'""]+?)\1\s*$")]
    private static partial Regex Pattern();
}
