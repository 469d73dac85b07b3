using System.Buffers.Text;
using System.Globalization;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>What a number of a time counts. The value is how many decimal digits it is finer than the second.</summary>
internal enum TimeUnit
{
    Seconds = 0,
    Milliseconds = 3,
    Microseconds = 6,
    Nanoseconds = 9,
}

/// <summary>Event times in text: RFC 3339, or Unix seconds. Both are exact to the tick of 100 ns; finer digits round to the
/// nearest one.</summary>
/// <remarks>A double holds today's Unix seconds only to about 240 ns, so numbers are read digit by digit.</remarks>
public static class TimeText
{
    /// <summary>What a time looks like, for reasons.</summary>
    public const string Expected =
        "an RFC 3339 string with an offset (\"2026-01-31T12:00:00Z\") or a number of Unix seconds";

    private const int TickDigits = 7;

    private static readonly (string Unit, double PerSecond)[] s_smallerUnits =
        [("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)];

    // Ticks up to year 9999 have 19 digits, and any 19 digits fit a ulong.
    private const int MaxDigits = 19;

    /// <summary>Reads either form.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="ticks">Event time (<see cref="EventTime"/>).</param>
    /// <param name="zone">Zone of a calendar time without an offset; null refuses it.</param>
    /// <returns>Null, or the reason why the text is no time.</returns>
    public static string? Parse(ReadOnlySpan<byte> text, out long ticks, TimeZoneInfo? zone = null) =>
        IsCalendar(text) ? ParseRfc3339(text, out ticks, zone) : ParseUnixSeconds(text, out ticks);

    /// <summary>Reads either form where the sender's numbers count another unit.</summary>
    /// <returns>Null, or the reason why the text is no time.</returns>
    internal static string? Parse(ReadOnlySpan<byte> text, TimeUnit unit, out long ticks) =>
        IsCalendar(text) ? ParseRfc3339(text, out ticks) : ParseUnix(text, unit, out ticks);

    /// <summary>Reads a decimal number of seconds since 1970-01-01T00:00Z, with an optional exponent.</summary>
    /// <returns>Null, or the reason why the text is none.</returns>
    public static string? ParseUnixSeconds(ReadOnlySpan<byte> text, out long ticks) => ParseUnix(text, TimeUnit.Seconds, out ticks);

    /// <summary>Reads a decimal number of some unit since 1970-01-01T00:00Z, with an optional exponent.</summary>
    /// <returns>Null, or the reason why the text is none.</returns>
    internal static string? ParseUnix(ReadOnlySpan<byte> text, TimeUnit unit, out long ticks)
    {
        ticks = 0;
        bool negative = text.Length > 0 && text[0] == '-';
        ReadOnlySpan<byte> rest = negative ? text[1..] : text;
        ReadOnlySpan<byte> whole = TakeDigits(ref rest);
        ReadOnlySpan<byte> fraction = default;
        long exponent = 0;
        bool good = whole.Length > 0;
        if (rest.Length > 0 && rest[0] == '.')
        {
            rest = rest[1..];
            fraction = TakeDigits(ref rest);
            good &= fraction.Length > 0;
        }
        if (rest.Length > 0 && (rest[0] | 0x20) == 'e')
        {
            rest = rest[1..];
            good &= TryTakeExponent(ref rest, out exponent);
        }
        if (!good || rest.Length > 0)
        {
            return NoTime(text, unit);
        }

        // The number is 0.DDDD * 10^point, in ticks, with no zero in front.
        long point = whole.Length + exponent + TickDigits - (int)unit;
        int zeros = LeadingZeros(whole, fraction);
        int count = whole.Length + fraction.Length;
        point -= zeros;
        if (zeros == count || point < 0)
        {
            return null;
        }
        if (point > MaxDigits)
        {
            return OutOfRange(text, unit);
        }
        ulong sum = 0;
        for (int i = 0; i < point; i++)
        {
            sum = sum * 10 + (uint)Digit(whole, fraction, zeros + i);
        }
        if (Digit(whole, fraction, zeros + (int)point) >= 5)
        {
            sum++;
        }
        if (sum > (ulong)EventTime.Max)
        {
            return OutOfRange(text, unit);
        }
        ticks = negative ? -(long)sum : (long)sum;
        return ticks >= EventTime.Min && ticks <= EventTime.Max ? null : OutOfRange(text, unit);
    }

    /// <summary>Reads a calendar time with offset, or without one where the zone is known.</summary>
    /// <returns>Null, or the reason why the text is none.</returns>
    /// <remarks>Source: RFC 3339, section 5.6. A second 60 (a leap second) is the first of the next minute, as in Unix time.</remarks>
    public static string? ParseRfc3339(scoped ReadOnlySpan<byte> text, out long ticks, TimeZoneInfo? zone = null)
    {
        ticks = 0;
        ReadOnlySpan<byte> rest = text;
        bool good = TryTake(ref rest, 4, (byte)'-', out int year) & TryTake(ref rest, 2, (byte)'-', out int month)
            & TryTake(ref rest, 2, (byte)'T', out int day) & TryTake(ref rest, 2, (byte)':', out int hour)
            & TryTake(ref rest, 2, (byte)':', out int minute) & TryTake(ref rest, 2, 0, out int second);
        if (!good || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 60 || !TryTakeFraction(ref rest, out long fraction))
        {
            return NoTime(text);
        }
        ticks = new DateTime(year, month, day, hour, minute, 0).Ticks - DateTime.UnixEpoch.Ticks + second * EventTime.PerSecond + fraction;
        if (rest.IsEmpty)
        {
            if (zone is null)
            {
                return $"'time' {JsonToken.Shown(text)} has no offset; end it with Z, or with an offset like +02:00 (for a file, --time-zone names the zone).";
            }
            ticks = LocalTime.ToUtc(ticks, zone);
        }
        else if (TryReadOffset(rest, out int offsetMinutes))
        {
            ticks -= offsetMinutes * TimeSpan.TicksPerMinute;
        }
        else
        {
            return $"'time' {JsonToken.Shown(text)} must end with Z or with an offset like +02:00.{CommaMeant(text)}";
        }
        return ticks >= EventTime.Min && ticks <= EventTime.Max ? null : OutOfRange(text);
    }

    // 2026-: the fifth character of a number may be a minus, too, but then an e stands before it.
    private static bool IsCalendar(ReadOnlySpan<byte> text) => text.Length > 4 && text[4] == '-' && IsDigit(text[3]);

    private static string NoTime(scoped ReadOnlySpan<byte> text, TimeUnit unit = TimeUnit.Seconds) =>
        $"'time' must be {ExpectedIn(unit)}, got {JsonToken.Shown(text)}.{CommaMeant(text)}";

    /// <summary><see cref="Expected"/> where numbers count another unit.</summary>
    internal static string ExpectedIn(TimeUnit unit) =>
        Expected.Replace("seconds", unit.ToString().ToLowerInvariant(), StringComparison.Ordinal);

    /// <summary>A sentence, with a blank before it, on what may be a decimal comma: 1,769 is two numbers a thousand apart.</summary>
    private static string CommaMeant(scoped ReadOnlySpan<byte> text) => text.Contains((byte)',')
        ? " Write a fraction behind a point, and no commas between digits: they may mean either."
        : "";

    private static string OutOfRange(scoped ReadOnlySpan<byte> text, TimeUnit unit = TimeUnit.Seconds) =>
        $"'time' must lie within years 1 to 9999, got {JsonToken.Shown(text)}.{(unit == TimeUnit.Seconds ? UnitMeant(text) : "")}";

    /// <summary>A sentence, with a blank before it, on a number that is no time in Unix seconds and a likely one in a smaller unit;
    /// empty for any other text.</summary>
    public static string UnitMeant(ReadOnlySpan<byte> text)
    {
        if (Utf8Parser.TryParse(text, out double number, out int read) && read == text.Length)
        {
            foreach ((string unit, double perSecond) in s_smallerUnits)
            {
                // From 1971 to 2286: no other unit gives a time as likely.
                if (number / perSecond is > 3.2e7 and < 1e10)
                {
                    return string.Create(CultureInfo.InvariantCulture,
                        $" That reads as {unit}: send seconds ({number / perSecond:0.###}).");
                }
            }
        }
        return "";
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int digits, byte separator, out int value)
    {
        value = 0;
        int length = separator == 0 ? digits : digits + 1;
        if (rest.Length < length)
        {
            return false;
        }
        for (int i = 0; i < digits; i++)
        {
            if (!IsDigit(rest[i]))
            {
                return false;
            }
            value = value * 10 + (rest[i] - '0');
        }
        // The RFC lets a lower-case t or a blank stand for the T.
        bool good = separator == 0 || rest[digits] == separator || (separator == 'T' && rest[digits] is (byte)'t' or (byte)' ');
        rest = rest[length..];
        return good;
    }

    private static bool TryTakeFraction(scoped ref ReadOnlySpan<byte> rest, out long ticks)
    {
        ticks = 0;
        if (rest.IsEmpty || rest[0] != '.')
        {
            return true;
        }
        rest = rest[1..];
        ReadOnlySpan<byte> digits = TakeDigits(ref rest);
        for (int i = 0; i < TickDigits; i++)
        {
            ticks = ticks * 10 + Digit(digits, default, i);
        }
        if (Digit(digits, default, TickDigits) >= 5)
        {
            ticks++;
        }
        return digits.Length > 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
        {
            return (text[0] | 0x20) == 'z';
        }
        if (text[0] is not ((byte)'+' or (byte)'-'))
        {
            return false;
        }
        ReadOnlySpan<byte> rest = text[1..];
        bool good = TryTake(ref rest, 2, (byte)':', out int hour) & TryTake(ref rest, 2, 0, out int minute);
        minutes = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
        return good && hour < 24 && minute < 60 && rest.IsEmpty;
    }

    private static bool TryTakeExponent(scoped ref ReadOnlySpan<byte> rest, out long exponent)
    {
        exponent = 0;
        bool negative = rest.Length > 0 && rest[0] == '-';
        if (rest.Length > 0 && rest[0] is (byte)'+' or (byte)'-')
        {
            rest = rest[1..];
        }
        ReadOnlySpan<byte> digits = TakeDigits(ref rest);
        foreach (byte digit in digits)
        {
            // No body has so many digits that a larger exponent could still matter.
            exponent = Math.Min(exponent * 10 + (digit - '0'), 1L << 40);
        }
        exponent = negative ? -exponent : exponent;
        return digits.Length > 0;
    }

    private static ReadOnlySpan<byte> TakeDigits(scoped ref ReadOnlySpan<byte> rest)
    {
        int count = 0;
        while (count < rest.Length && IsDigit(rest[count]))
        {
            count++;
        }
        ReadOnlySpan<byte> digits = rest[..count];
        rest = rest[count..];
        return digits;
    }

    private static int LeadingZeros(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        int zeros = whole.IndexOfAnyExcept((byte)'0');
        if (zeros >= 0)
        {
            return zeros;
        }
        zeros = fraction.IndexOfAnyExcept((byte)'0');
        return whole.Length + (zeros < 0 ? fraction.Length : zeros);
    }

    private static int Digit(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction, int index)
    {
        if (index < whole.Length)
        {
            return whole[index] - '0';
        }
        index -= whole.Length;
        return index < fraction.Length ? fraction[index] - '0' : 0;
    }

    private static bool IsDigit(byte character) => (uint)(character - '0') <= 9;
}
