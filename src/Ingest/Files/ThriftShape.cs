namespace Foretell.Ingest.Files;

/// <summary>What a value of Thrift's compact protocol may be, and whether some bytes are one.</summary>
/// <remarks>The library believes each count and each field's type, and skips structures that it does not know by misreading them. What
/// has a shape that it knows it reads in time and memory proportionate to the bytes. Source: Apache Thrift,
/// "Thrift compact protocol encoding".</remarks>
internal sealed class ThriftShape
{
    private enum Wire { Stop, True, False, Byte, I16, I32, I64, Double, Binary, List, Set, Map, Struct }

    private readonly Wire _wire;

    // Of a structure by number from 1, null where there is none; of a list that of its elements.
    private readonly ThriftShape?[] _parts;

    private ThriftShape(Wire wire, params ThriftShape?[] parts) => (_wire, _parts) = (wire, parts);

    /// <summary>True or false.</summary>
    public static ThriftShape Bool() => new(Wire.True);

    /// <summary>8 bits.</summary>
    public static ThriftShape Byte() => new(Wire.Byte);

    /// <summary>16 bits.</summary>
    public static ThriftShape I16() => new(Wire.I16);

    /// <summary>32 bits, enumerations, too.</summary>
    public static ThriftShape I32() => new(Wire.I32);

    /// <summary>64 bits.</summary>
    public static ThriftShape I64() => new(Wire.I64);

    /// <summary>A floating-point number.</summary>
    public static ThriftShape Double() => new(Wire.Double);

    /// <summary>A text or bytes.</summary>
    public static ThriftShape Binary() => new(Wire.Binary);

    /// <summary>Values of one shape.</summary>
    public static ThriftShape List(ThriftShape element) => new(Wire.List, element);

    /// <summary>A structure, or a union.</summary>
    /// <param name="fields">By number from 1; null where the library knows none.</param>
    public static ThriftShape Struct(params ThriftShape?[] fields) => new(Wire.Struct, fields);

    /// <summary>Reads a value to its end.</summary>
    /// <param name="bytes">Stands at its first byte.</param>
    /// <param name="see">Gets each integer and truth value (1 or 0) with its shape.</param>
    /// <exception cref="InvalidDataException">The bytes are no such value, or one that the library would misread.</exception>
    public void Read(ParquetBytes bytes, Action<ThriftShape, long> see)
    {
        switch (_wire)
        {
            case Wire.Byte:
                bytes.ReadByte();
                break;
            case Wire.I16 or Wire.I32 or Wire.I64:
                see(this, Integer(bytes));
                break;
            case Wire.Double:
                Skip(bytes, sizeof(double));
                break;
            case Wire.Binary:
                Skip(bytes, Unsigned(bytes, 31));
                break;
            case Wire.List:
                ReadList(bytes, see);
                break;
            case Wire.Struct:
                ReadFields(bytes, see);
                break;
        }
    }

    /// <summary>A number in pieces of 7 bits, the lowest first.</summary>
    /// <exception cref="InvalidDataException">It has more than <paramref name="bits"/> bits.</exception>
    public static long Unsigned(ParquetBytes bytes, int bits)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            ulong next = (ulong)bytes.ReadByte();
            if (shift >= bits || bits - shift < 7 && (next & 0x7F) >> (bits - shift) != 0)
            {
                throw new InvalidDataException($"the number before byte {bytes.Position} has more than {bits} bits.");
            }
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (long)value;
            }
        }
    }

    private void ReadFields(ParquetBytes bytes, Action<ThriftShape, long> see)
    {
        for (long last = 0; bytes.ReadByte() is not 0 and var head;)
        {
            long number = head >> 4 == 0 ? new ThriftShape(Wire.I16).Integer(bytes) : last + (head >> 4);
            // In this order every writer writes them; a second one would stand for the first.
            if (number <= last || number > short.MaxValue)
            {
                throw new InvalidDataException($"field {number} follows field {last}, before byte {bytes.Position}.");
            }
            last = number;
            var wire = (Wire)(head & 15);
            long truth = wire == Wire.True ? 1 : 0;
            wire = wire == Wire.False ? Wire.True : wire;
            ThriftShape? known = number <= _parts.Length ? _parts[number - 1] : null;
            // The library ends an unknown structure at the first byte that is 0: one without fields it skips rightly.
            bool isEmpty = known is null && wire == Wire.Struct && bytes.ReadByte() == 0;
            if (isEmpty)
            {
                continue;
            }
            if (known is not null ? known._wire != wire : wire is Wire.Stop or > Wire.List)
            {
                throw new InvalidDataException($"field {number} before byte {bytes.Position} is of type {wire}.");
            }
            if (wire == Wire.True)
            {
                see(known ?? Bool(), truth);
                continue;
            }
            (known ?? new ThriftShape(wire)).Read(bytes, see);
        }
    }

    private void ReadList(ParquetBytes bytes, Action<ThriftShape, long> see)
    {
        int head = bytes.ReadByte();
        long count = head >> 4 == 15 ? Unsigned(bytes, 31) : head >> 4;
        var wire = (Wire)(head & 15);
        ThriftShape? known = _parts.Length > 0 ? _parts[0] : null;
        // Each element has a byte at least. Of unknown lists those of booleans have none to the library, and deep ones might have no end.
        if (count > bytes.Left || count > 0 && (known is not null ? known._wire != wire : wire is < Wire.Byte or > Wire.Binary))
        {
            throw new InvalidDataException(
                $"a list of {count} of type {wire} begins before byte {bytes.Position}, and {bytes.Left} bytes are left.");
        }
        ThriftShape element = known ?? new ThriftShape(wire);
        for (long i = 0; i < count; i++)
        {
            element.Read(bytes, see);
        }
    }

    private long Integer(ParquetBytes bytes)
    {
        ulong zigzag = (ulong)Unsigned(bytes, _wire == Wire.I64 ? 64 : 32);
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    private static void Skip(ParquetBytes bytes, long count) => bytes.Position = count <= bytes.Left ? bytes.Position + count
        : throw new InvalidDataException($"{count} bytes should follow byte {bytes.Position}, and {bytes.Left} are left.");
}
