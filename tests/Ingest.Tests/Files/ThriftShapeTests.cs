using Foretell.Ingest.Files;
using static Foretell.Ingest.Files.ThriftShape;

namespace Foretell.Ingest.Tests.Files;

/// <summary>Bytes of structures, written by hand from Thrift's description of its compact protocol.</summary>
public sealed class ThriftShapeTests
{
    private static readonly ThriftShape s_number = I32();
    private static readonly ThriftShape s_structure =
        Struct(s_number, Binary(), List(I64()), null, Struct(Bool()), Double(), Byte());

    [Theory]
    // Field 1 of type 5: -3. A field further on by 1 has 1 before its type.
    [InlineData("15 05 00", -3L)]
    [InlineData("15 FE FF FF FF 0F 00", 2147483647L)]
    [InlineData("15 02 18 03 61 62 63 19 26 02 04 00", 1L)]
    // Field 5, whose first field is false, and field 6, eight bytes; field 1 by its number, as 2.
    [InlineData("05 02 02 4C 12 00 17 00 00 00 00 00 00 F0 3F 13 07 00", 1L)]
    // What the library does not know, and skips: field 9, a number; field 4, a list of texts; field 8, a structure without fields.
    [InlineData("15 02 39 28 01 61 01 62 4C 00 15 08 00", 1L)]
    public void Read_WhenBytesAreOfTheShape_SeesTheirNumbers(string hex, long number)
    {
        var seen = new List<long>();
        ParquetBytes bytes = Bytes(hex);
        s_structure.Read(bytes, (shape, value) => seen.AddRange(shape == s_number ? [value] : []));

        Assert.Equal([number], seen);
        Assert.Equal(0, bytes.Left);
    }

    [Theory]
    [InlineData("", "wanted at 0")]
    [InlineData("15", "wanted at 1")]
    // A number that goes on and on, where the library would read on for ever.
    [InlineData("15 FF FF", "wanted at 3")]
    [InlineData("15 FF FF FF FF 1F 00", "more than 32 bits")]
    [InlineData("15 80 80 80 80 80 00 00", "more than 32 bits")]
    // A number of another length, of which the library would read as many bytes as it took.
    [InlineData("16 02 00", "field 1 before byte 1 is of type I64")]
    [InlineData("15 02 05 02 04 00", "field 1 follows field 1")]
    [InlineData("28 FF FF FF FF 07 00", "2147483647 bytes should follow")]
    [InlineData("39 F6 FF FF FF FF 07 00", "a list of 2147483647")]
    [InlineData("39 15 02 00", "a list of 1 of type I32")]
    [InlineData("39 26 02", "a list of 2 of type I64")]
    // A structure with a field, in the place of none that is known; sets, and lists of booleans, too.
    [InlineData("4C 15 02 00 00", "field 4 before byte 2 is of type Struct")]
    [InlineData("4A 15 02 00", "is of type Set")]
    [InlineData("49 21 00", "a list of 2 of type True")]
    [InlineData("67 00 00 00", "8 bytes should follow")]
    public void Read_WhenBytesAreNotOfTheShape_SaysWhere(string hex, string where) => Assert.Contains(where,
        Assert.Throws<InvalidDataException>(() => s_structure.Read(Bytes(hex), (_, _) => { })).Message);

    private static ParquetBytes Bytes(string hex) => new(new MemoryStream(Convert.FromHexString(hex.Replace(" ", ""))));
}
