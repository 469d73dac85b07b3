using System.Buffers.Binary;
using System.Globalization;

namespace Foretell.FakeHub.Log;

/// <summary>How offsets are written: in decimal, or, in a geo-replicated namespace, as texts without an order.</summary>
internal static class OffsetFormat
{
    private const string Prefix = "replica:";

    /// <summary>Odd, so that multiplying by it, modulo 2^64, can be undone.</summary>
    private const ulong Factor = 0x9e3779b97f4a7c15, Inverse = 0xf1de83e19937733d;

    public static string Write(long offset, bool isGeoReplicated) => isGeoReplicated
        ? Prefix + Mix((ulong)offset, Factor).ToString("x16", CultureInfo.InvariantCulture)
        : offset.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number within; null if this is no offset of that kind.</summary>
    public static long? Read(string text, bool isGeoReplicated)
    {
        if (!isGeoReplicated)
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long offset) ? offset : null;
        }
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mixed)
            ? (long)Mix(mixed, Inverse)
            : null;
    }

    /// <summary>A one-to-one mapping that leaves nothing of the order.</summary>
    private static ulong Mix(ulong value, ulong factor) => unchecked(BinaryPrimitives.ReverseEndianness(value * factor) * factor);
}
