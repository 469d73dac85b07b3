using Foretell.Ingest.Files;
using Parquet.Meta;

namespace Foretell.Ingest.Tests.Files;

/// <summary>Pages that claim what they have no room for.</summary>
public sealed class ParquetCheckTests
{
    private const int Data = 0, Dictionary = 2;

    [Fact]
    public void Pages_WhenTheyHoldTheRows_EndsTheFileBehindThem()
    {
        byte[] file = [.. new byte[4], .. Page(Dictionary, 3, 3, 1), .. Page(Data, 4, 4, 2), .. Page(Data, 5, 5, 1), .. new byte[30]];
        var bytes = new ParquetBytes(new MemoryStream(file));

        Assert.Equal(12, ParquetCheck.Pages(bytes, file.Length - 8, Column(3), 3, isNullable: false));

        Assert.Equal(file.Length - 30, bytes.End);
        Assert.Equal(0, bytes.Left);
        Assert.Throws<InvalidDataException>(() => bytes.ReadByte());
        Assert.Throws<InvalidDataException>(() => bytes.Read(new byte[1]));
    }

    [Theory]
    [InlineData(Data, 4, 4, 2, "wanted at")]
    [InlineData(Data, 4, 4, 4, "more values than its row group's 3 rows")]
    [InlineData(Data, 4, 4, -3, "-3 values")]
    [InlineData(Data, 4, -20, 3, "in -20 bytes")]
    [InlineData(Data, 4, 2_000_000_000, 3, "in 2000000000 bytes")]
    [InlineData(Data, -4, 4, 3, "-4 when unpacked")]
    [InlineData(Data, 2_000_000_000, 4, 3, "claims 2000000000 unpacked ones")]
    [InlineData(Dictionary, 4, 4, 2_000_000_000, "with 2000000000 entries")]
    public void Pages_WhenOneClaimsWhatCannotBe_SaysWhich(int type, int unpacked, int packed, int values, string problem)
    {
        byte[] file = [.. new byte[4], .. Page(type, unpacked, packed, values)];

        Assert.Contains(problem, Assert.Throws<InvalidDataException>(
            () => ParquetCheck.Pages(new ParquetBytes(new MemoryStream(file)), file.Length, Column(3), 3, isNullable: false)).Message);
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(-1, -1)]
    public void Pages_WhenAColumnHasOtherThanTheRows_Refuses(long values, long rows) => Assert.Contains($"has {values} values",
        Assert.Throws<InvalidDataException>(
            () => ParquetCheck.Pages(new ParquetBytes(new MemoryStream(new byte[9])), 9, Column(values), rows, isNullable: false)).Message);

    [Theory]
    [InlineData(CompressionCodec.SNAPPY, "80 80 80 80 04")]
    // A frame's head, with a length of 8 bytes.
    [InlineData(CompressionCodec.ZSTD, "28 B5 2F FD E0 00 00 00 40 00 00 00 00 01 00 00")]
    public void Pages_WhenItsPackedBytesClaimMoreThanTheyCanBe_SaysSo(CompressionCodec codec, string hex)
    {
        byte[] packed = Convert.FromHexString(hex.Replace(" ", ""));
        byte[] file = [.. new byte[4], .. Page(Data, 4, packed.Length, 3)[..^packed.Length], .. packed];

        var bytes = new ParquetBytes(new MemoryStream(file));
        Assert.Contains("claims 1073741824 unpacked ones", Assert.Throws<InvalidDataException>(
            () => ParquetCheck.Pages(bytes, file.Length, Column(3, codec), 3, isNullable: false)).Message);
    }

    [Theory]
    [InlineData(2, true, null)]
    [InlineData(2, false, "claims 1073741824 unpacked ones")]
    [InlineData(0, true, null)]
    [InlineData(0, false, "more than 32 bits")]
    [InlineData(9, true, "in 7 bytes")]
    public void Pages_WhenAPageIsOfTheSecondKind_LooksBehindItsLevelsAndOnlyWhereItIsPacked(int levels, bool isPlain, string? problem)
    {
        // Head: kind 3, 7 bytes from 7; 3 values, none missing, 3 rows, plain, so many bytes of levels, whether they are packed.
        byte[] head = [0x15, 6, 0x15, 14, 0x15, 14, 0x5C, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 0, 0x15, (byte)(2 * levels),
            0x15, 0, (byte)(isPlain ? 0x12 : 0x11), 0, 0];
        byte[] file = [.. new byte[4], .. head, 0xFF, 0xFF, 0x80, 0x80, 0x80, 0x80, 0x04];

        Exception? refusal = Record.Exception(() => ParquetCheck.Pages(
            new ParquetBytes(new MemoryStream(file)), file.Length, Column(3, CompressionCodec.SNAPPY), 3, isNullable: true));

        Assert.Contains(problem ?? "", refusal is null ? "" : Assert.IsType<InvalidDataException>(refusal).Message);
        Assert.Equal(problem is null, refusal is null);
    }

    private static ColumnMetaData Column(long values, CompressionCodec codec = CompressionCodec.UNCOMPRESSED) =>
        new() { NumValues = values, DataPageOffset = 4, Codec = codec };

    /// <summary>A page's head, as Thrift writes it, and as many bytes as it says, up to 16.</summary>
    private static byte[] Page(int type, int unpacked, int packed, int values) =>
    [
        0x15, .. Number(type), 0x15, .. Number(unpacked), 0x15, .. Number(packed), (byte)(type == Data ? 0x2C : 0x4C),
        0x15, .. Number(values), 0x15, 0, 0, 0, .. new byte[Math.Clamp(packed, 0, 16)],
    ];

    private static List<byte> Number(int number)
    {
        var bytes = new List<byte>();
        for (uint rest = (uint)(number << 1 ^ number >> 31); ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                bytes.Add((byte)rest);
                return bytes;
            }
            bytes.Add((byte)(rest | 0x80));
        }
    }
}
