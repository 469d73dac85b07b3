using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Foretell.Ingest.Decoding;

/// <summary>Resolves the escapes of a JSON string without exceptions, so that hostile input costs no more than good input.</summary>
internal static class JsonEscapes
{
    /// <summary>Writes the text of a JSON string as UTF-8.</summary>
    /// <param name="escaped">What stands between the quotes; its escapes have been checked by a JSON reader.</param>
    /// <param name="destination">Takes as much of the text as fits.</param>
    /// <param name="length">Bytes of the whole text, also when it does not fit.</param>
    /// <returns>False when the text is no valid Unicode: invalid UTF-8, or half of a surrogate pair.</returns>
    public static bool TryResolve(ReadOnlySpan<byte> escaped, Span<byte> destination, out int length)
    {
        length = 0;
        if (!Utf8.IsValid(escaped))
        {
            return false;
        }
        Span<byte> encoded = stackalloc byte[4];
        for (int i = 0; i < escaped.Length;)
        {
            int bytes = 1;
            if (escaped[i] != '\\')
            {
                encoded[0] = escaped[i++];
            }
            else if (escaped[i + 1] != 'u')
            {
                encoded[0] = Simple(escaped[i + 1]);
                i += 2;
            }
            else
            {
                if (!TryReadRune(escaped, ref i, out Rune rune))
                {
                    return false;
                }
                bytes = rune.EncodeToUtf8(encoded);
            }
            if (length + bytes <= destination.Length)
            {
                encoded[..bytes].CopyTo(destination[length..]);
            }
            length += bytes;
        }
        return true;
    }

    private static bool TryReadRune(ReadOnlySpan<byte> escaped, ref int i, out Rune rune)
    {
        char first = CodeUnit(escaped[(i + 2)..]);
        i += 6;
        if (Rune.TryCreate(first, out rune))
        {
            return true;
        }
        if (!escaped[i..].StartsWith("\\u"u8) || !Rune.TryCreate(first, CodeUnit(escaped[(i + 2)..]), out rune))
        {
            return false;
        }
        i += 6;
        return true;
    }

    private static char CodeUnit(ReadOnlySpan<byte> hex) =>
        (char)ushort.Parse(hex[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static byte Simple(byte letter) => letter switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => letter,
    };
}
