using System.Buffers.Binary;

namespace Foretell.Engine.Events;

/// <summary>The named numbers of an event on their way into a record, and the one place that knows how they are written: count u8, then of
/// each value name length u8, name (UTF-8) and f64; little-endian. A value that is missing is left out.</summary>
/// <remarks>Reusable: <see cref="Clear"/> keeps the memory. Not thread-safe.</remarks>
public sealed class EventValues
{
    /// <summary>Values of an event, at most.</summary>
    public const int Most = 16;

    /// <summary>Longest name, bytes of UTF-8; the shortest has 1.</summary>
    public const int MaxNameBytes = 64;

    private const int CountBytes = 1, LengthBytes = 1, ValueBytes = sizeof(double);

    private readonly byte[] _bytes = new byte[CountBytes + Most * (LengthBytes + MaxNameBytes + ValueBytes)];
    private int _end = CountBytes;

    /// <summary>Values added.</summary>
    public int Count { get; private set; }

    /// <summary>The values as a record holds them, in the order they were added; empty where there are none. Valid until the next
    /// change.</summary>
    public ReadOnlySpan<byte> Encoded => Count == 0 ? default : _bytes.AsSpan(0, _end);

    /// <summary>Adds a value.</summary>
    /// <param name="name">Its name, UTF-8, 1 to 64 bytes, another than those before.</param>
    /// <param name="value">A finite number.</param>
    /// <returns>Null when added, else the reason why not, a sentence for the sender.</returns>
    public string? TryAdd(ReadOnlySpan<byte> name, double value)
    {
        if (name.Length is 0 or > MaxNameBytes)
        {
            return $"A value needs a name of 1 to {MaxNameBytes} bytes of UTF-8, got {name.Length}.";
        }
        if (!double.IsFinite(value))
        {
            return "A value must be a finite number; leave it out, or null, where it is missing.";
        }
        for (ReadOnlySpan<byte> before = _bytes.AsSpan(0, _end); TryRead(ref before, out ReadOnlySpan<byte> other, out _);)
        {
            if (name.SequenceEqual(other))
            {
                return "A value's name is there twice; expected it once.";
            }
        }
        if (Count == Most)
        {
            return $"An event has at most {Most} values, and this is one more.";
        }

        _bytes[_end] = (byte)name.Length;
        name.CopyTo(_bytes.AsSpan(_end + LengthBytes));
        _end += LengthBytes + name.Length;
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.AsSpan(_end), value);
        _end += ValueBytes;
        _bytes[0] = (byte)++Count;
        return null;
    }

    /// <summary>Takes the values of another, in the place of its own.</summary>
    public void Set(EventValues other)
    {
        other._bytes.AsSpan(0, other._end).CopyTo(_bytes);
        (Count, _end) = (other.Count, other._end);
    }

    /// <summary>Removes every value.</summary>
    public void Clear() => (Count, _end) = (0, CountBytes);

    /// <summary>Takes the first value off a block that <see cref="Check"/> finds nothing wrong with.</summary>
    /// <param name="encoded">The block and nothing behind it; moves on. What is left of it is read by this function only: one byte that
    /// means nothing here, the count at first, stands before each value.</param>
    /// <param name="name">Output: the value's name, UTF-8.</param>
    /// <param name="value">Output: the value.</param>
    /// <returns>False where none is left.</returns>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> encoded, out ReadOnlySpan<byte> name, out double value)
    {
        if (encoded.Length <= CountBytes)
        {
            name = default;
            value = 0;
            return false;
        }
        int valueAt = CountBytes + LengthBytes + encoded[CountBytes];
        name = encoded[(CountBytes + LengthBytes)..valueAt];
        value = BinaryPrimitives.ReadDoubleLittleEndian(encoded[valueAt..]);
        encoded = encoded[(valueAt + ValueBytes - CountBytes)..];
        return true;
    }

    /// <summary>Looks whether bytes begin with a block that a record may hold, before anybody reads a value of it.</summary>
    /// <param name="encoded">A block and whatever follows it: bytes of a disk or a wire, which may be anything.</param>
    /// <param name="length">Output: bytes of the block, where it is one.</param>
    /// <returns>Null, or what is wrong with it, behind "a record".</returns>
    public static string? Check(ReadOnlySpan<byte> encoded, out int length)
    {
        length = LengthOf(encoded);
        if (length > encoded.Length)
        {
            return "whose values do not end within it";
        }
        if (encoded[0] is 0 or > Most)
        {
            return $"with {encoded[0]} values where 1 to {Most} are expected";
        }
        ReadOnlySpan<byte> block = encoded[..length];
        for (ReadOnlySpan<byte> rest = block; TryRead(ref rest, out ReadOnlySpan<byte> name, out double value);)
        {
            if (name.Length is 0 or > MaxNameBytes)
            {
                return $"with a value's name of {name.Length} bytes, where 1 to {MaxNameBytes} are expected";
            }
            if (!double.IsFinite(value))
            {
                return "with a value that is no finite number";
            }
            for (ReadOnlySpan<byte> behind = rest; TryRead(ref behind, out ReadOnlySpan<byte> other, out _);)
            {
                if (name.SequenceEqual(other))
                {
                    return "with two values of one name";
                }
            }
        }
        return null;
    }

    /// <summary>Bytes of the block that some bytes begin with; more than there are where they end within it.</summary>
    internal static int LengthOf(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty)
        {
            return CountBytes;
        }
        int end = CountBytes;
        for (int left = encoded[0]; left > 0; left--)
        {
            if (end >= encoded.Length)
            {
                return encoded.Length + 1;
            }
            end += LengthBytes + encoded[end] + ValueBytes;
        }
        return end;
    }
}
