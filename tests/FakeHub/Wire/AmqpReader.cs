using System.Buffers.Binary;

namespace Foretell.FakeHub.Wire;

/// <summary>Walks over encoded AMQP 1.0 values without decoding them.</summary>
/// <param name="bytes">One encoded message, or some of its values.</param>
/// <remarks>Bytes that are no AMQP end in a <see cref="FormatException"/>.</remarks>
internal ref struct AmqpReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Index of the next byte.</summary>
    public int At { get; private set; }

    public readonly bool IsAtEnd => At >= _bytes.Length;

    /// <summary>Reads the descriptor in front of a section.</summary>
    public byte Section()
    {
        if (Next() != FormatCode.Described)
        {
            throw new FormatException($"Expected a section at byte {At - 1} of the message.");
        }
        ReadOnlySpan<byte> descriptor = Value();
        return descriptor[0] is FormatCode.SmallULong or FormatCode.ULong
            ? descriptor[^1]
            : throw new FormatException($"Expected a section with a numeric descriptor, got type 0x{descriptor[0]:x2}.");
    }

    /// <summary>Reads one value with its constructor.</summary>
    public ReadOnlySpan<byte> Value()
    {
        int start = At;
        byte code = Next();
        if (code == FormatCode.Described)
        {
            Value();
            Value();
            return _bytes[start..At];
        }
        // The upper half of a constructor says how wide what follows is.
        int width = (code >> 4) switch
        {
            0x4 => 0,
            0x5 => 1,
            0x6 => 2,
            0x7 => 4,
            0x8 => 8,
            0x9 => 16,
            0xa or 0xc or 0xe => 1 + Peek(1)[0],
            0xb or 0xd or 0xf => 4 + BinaryPrimitives.ReadInt32BigEndian(Peek(4)),
            _ => throw new FormatException($"There is no AMQP type 0x{code:x2} (byte {start} of the message)."),
        };
        At += Peek(width).Length;
        return _bytes[start..At];
    }

    /// <summary>Enters a map.</summary>
    /// <returns>Number of its pairs of key and value.</returns>
    public int Map()
    {
        byte code = Next();
        if (code is not (FormatCode.Map8 or FormatCode.Map32))
        {
            throw new FormatException($"Expected a map, got type 0x{code:x2}.");
        }
        ReadOnlySpan<byte> head = Peek(code == FormatCode.Map8 ? 2 : 8);
        At += head.Length;
        return (head.Length == 2 ? head[1] : BinaryPrimitives.ReadInt32BigEndian(head[4..])) / 2;
    }

    /// <summary>Content of a binary, string or symbol; empty for any other value.</summary>
    public static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> value) => value[0] switch
    {
        FormatCode.Binary8 or FormatCode.String8 or FormatCode.Symbol8 => value[2..],
        FormatCode.Binary32 or FormatCode.String32 or FormatCode.Symbol32 => value[5..],
        _ => [],
    };

    /// <summary>An int or a long; null for any other value.</summary>
    public static long? Integer(ReadOnlySpan<byte> value) => value[0] switch
    {
        FormatCode.SmallInt or FormatCode.SmallLong => (sbyte)value[1],
        FormatCode.Int => BinaryPrimitives.ReadInt32BigEndian(value[1..]),
        FormatCode.Long => BinaryPrimitives.ReadInt64BigEndian(value[1..]),
        _ => null,
    };

    private byte Next()
    {
        byte next = Peek(1)[0];
        At++;
        return next;
    }

    private readonly ReadOnlySpan<byte> Peek(int count) => count >= 0 && count <= _bytes.Length - At
        ? _bytes.Slice(At, count)
        : throw new FormatException($"The message ends within a value (byte {At} of {_bytes.Length}).");
}
