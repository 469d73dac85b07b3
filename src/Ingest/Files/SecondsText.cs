using System.Buffers.Text;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Ticks as decimal seconds, exact: a whole number, or seven digits behind the point without the zeros at the end.</summary>
internal static class SecondsText
{
    /// <summary>Writes the text into <paramref name="destination"/> (at least 21 bytes) and returns the part written.</summary>
    public static ReadOnlySpan<byte> Format(long ticks, Span<byte> destination)
    {
        int length = 0;
        if (ticks < 0)
        {
            destination[length++] = (byte)'-';
        }
        (ulong seconds, ulong fraction) = Math.DivRem((ulong)Math.Abs(ticks), (ulong)EventTime.PerSecond);
        Utf8Formatter.TryFormat(seconds, destination[length..], out int written);
        length += written;
        if (fraction == 0)
        {
            return destination[..length];
        }
        destination[length++] = (byte)'.';
        Utf8Formatter.TryFormat(fraction, destination[length..], out _, new System.Buffers.StandardFormat('D', 7));
        return destination[..(length + 7)].TrimEnd((byte)'0');
    }
}
