using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Foretell.Fuzz.Running;

/// <summary>Makes inputs of others: bits, numbers, words and pieces changed, at places and by a seed that can be named again.</summary>
public sealed class Mutator(Random random, FuzzTarget target)
{
    private static readonly long[] s_numbers =
    [
        0, 1, -1, 2, 7, 8, 15, 16, 17, 127, 128, 255, 256, 257, 1000, 4095, 4096, short.MaxValue, short.MinValue, ushort.MaxValue, 65_536,
        int.MaxValue, int.MinValue, uint.MaxValue, 1L << 48, long.MaxValue, long.MinValue, 0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0000,
        0x7F80_0000, 0x7FC0_0000, 1_700_000_000, 621_355_968_000_000_000,
    ];

    private static readonly string[] s_texts =
    [
        "0", "-0", "-1", "1e308", "-1e308", "1e999", "1e-999", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "253402300800", "-62135596801", "0.1", "00", "NaN", "Infinity", "null", "true", "{}", "[]", "\"\"", "\\u0000", "\\ud800", "\0", "\r\n", "\"",
        ",", ";", "\t", "=", "%", "%00", "%2F", "+", "\uFEFF", "\u00e9", "\ud83d\ude00", "{\"a\":", "[[[[", "]]]]", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+14:00",
    ];

    /// <summary>A changed copy.</summary>
    /// <param name="parent">The input to begin with.</param>
    /// <param name="other">Another one, to take pieces from.</param>
    public byte[] Mutate(byte[] parent, byte[] other)
    {
        List<byte> input = [.. parent];
        // Mostly few changes: many of them leave little of what the parent was kept for.
        int changes = 1 << random.Next(5);
        for (int i = 0; i < changes; i++)
        {
            Change(input, other);
        }
        if (input.Count > target.MostBytes)
        {
            input.RemoveRange(target.MostBytes, input.Count - target.MostBytes);
        }
        byte[] made = [.. input];
        // Some keep their wrong checksum: that refusal is a path, too.
        if (target.Repair is { } repair && random.Next(8) > 0)
        {
            repair(made);
        }
        return made;
    }

    private void Change(List<byte> input, byte[] other)
    {
        int at = random.Next(input.Count + 1);
        switch (random.Next(14))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 2 when at < input.Count:
                input[at] += (byte)(random.Next(2) == 0 ? 1 : -1);
                break;
            case 3 or 4:
                Overwrite(input, at, Number());
                break;
            case 5:
                input.RemoveRange(at, Math.Min(Length(), input.Count - at));
                break;
            case 6:
                input.InsertRange(random.Next(input.Count + 1), input.GetRange(at, Math.Min(Length(), input.Count - at)));
                break;
            case 7:
                input.InsertRange(at, Encoding.UTF8.GetBytes(s_texts[random.Next(s_texts.Length)]));
                break;
            case 8 or 9 when target.Words.Count > 0:
                byte[] word = Encoding.UTF8.GetBytes(target.Words[random.Next(target.Words.Count)]);
                if (random.Next(2) == 0)
                {
                    input.InsertRange(at, word);
                }
                else
                {
                    Overwrite(input, at, word);
                }
                break;
            case 10:
                ReplaceNumber(input, at);
                break;
            case 11 when other.Length > 0:
                int from = random.Next(other.Length);
                input.InsertRange(at, other.AsSpan(from, Math.Min(Length(), other.Length - from)));
                break;
            case 12:
                Repeat(input, at);
                break;
            case 13 when random.Next(4) == 0:
                input.RemoveRange(at, input.Count - at);
                break;
            default:
                Overwrite(input, at, [(byte)random.Next(256)]);
                break;
        }
    }

    /// <summary>A piece many times over: nesting, long lists, and what costs the square of its length.</summary>
    private void Repeat(List<byte> input, int at)
    {
        List<byte> piece = input.GetRange(at, Math.Min(random.Next(1, 12), input.Count - at));
        int times = Math.Min(1 << random.Next(1, 13), target.MostBytes / Math.Max(1, piece.Count));
        for (int i = 0; i < times && input.Count < target.MostBytes; i++)
        {
            input.InsertRange(at, piece);
        }
    }

    /// <summary>A number of a text by another one.</summary>
    private void ReplaceNumber(List<byte> input, int at)
    {
        int start = at;
        while (start < input.Count && !char.IsAsciiDigit((char)input[start]))
        {
            start++;
        }
        int end = start;
        while (end < input.Count && char.IsAsciiDigit((char)input[end]))
        {
            end++;
        }
        if (start == input.Count)
        {
            return;
        }
        string text = random.Next(2) == 0
            ? s_texts[random.Next(18)]
            : s_numbers[random.Next(s_numbers.Length)].ToString(CultureInfo.InvariantCulture);
        // Of one length, the lengths before it stay right.
        byte[] number = Encoding.UTF8.GetBytes(random.Next(2) == 0 ? text : text.PadLeft(end - start, '0')[^(end - start)..]);
        input.RemoveRange(start, end - start);
        input.InsertRange(start, number);
    }

    private byte[] Number()
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, s_numbers[random.Next(s_numbers.Length)]);
        byte[] number = bytes[..(1 << random.Next(4))];
        if (random.Next(8) == 0)
        {
            Array.Reverse(number);
        }
        return number;
    }

    private int Length() => 1 + random.Next(1 << random.Next(9));

    private static void Overwrite(List<byte> input, int at, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (at + i < input.Count)
            {
                input[at + i] = bytes[i];
            }
            else
            {
                input.Add(bytes[i]);
            }
        }
    }
}
