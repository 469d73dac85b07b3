using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Engine.Tests.Events;

public sealed class LogRecordTests
{
    private const string WithoutValues = "01" + "0200000000000000" + "0100" + "0200" + "0100" + "73" + "6D6B" + "69";

    [Fact]
    public void Write_WhenAnEventHasNoValues_IsTheRecordOfEarlierReleases()
    {
        var batch = new EventBatch();
        Assert.Null(batch.TryAdd("s"u8, 2, "mk"u8, "i"u8));

        Assert.Equal(WithoutValues, Convert.ToHexString(batch[0]));
        var record = new LogRecord(batch[0]);
        Assert.Equal((0, 19, true), (record.Version, record.Length, record.Values.IsEmpty));
    }

    [Fact]
    public void Write_WhenAnEventHasValues_IsVersion1WithThemBehindTheId()
    {
        EventBatch batch = WithValues();

        Assert.Equal("11" + WithoutValues[2..] + "01" + "0161" + "000000000000F83F", Convert.ToHexString(batch[0]));
        Assert.Null(LogRecord.Check([.. batch[0], 9, 9], out int length));
        var record = new LogRecord((byte[])[.. batch[0], 9, 9]);
        Assert.Equal((1, batch[0].Length, batch[0].Length), (record.Version, record.Length, length));
        Assert.Equal(("s", "mk", "i", "a=1.5"), (Text(record.Key), Text(record.Mark), Text(record.Id), EventSets.Values(record)));
    }

    [Fact]
    public void Write_WhenItIsALabel_IsKind4OfVersion0()
    {
        var batch = new EventBatch();
        Assert.Null(batch.TryAddLabel("s"u8, 2, "mk"u8, "i"u8));

        Assert.Equal("04" + WithoutValues[2..], Convert.ToHexString(batch[0]));
        Assert.Equal(LogRecordKind.Label, new LogRecord(batch[0]).Kind);
        Assert.Null(LogRecord.Check(batch[0], out _));
    }

    [Fact]
    public void Check_WhenAByteIsMissing_SaysSoWhereverItIs()
    {
        byte[] record = WithValues()[0].ToArray();

        for (int cut = 0; cut < record.Length; cut++)
        {
            string? damage = LogRecord.Check(record.AsSpan(0, cut), out _);
            Assert.True(damage is not null && (damage.Contains("are left") || damage.Contains("shorter")), $"{cut}: {damage}");
        }
    }

    [Theory]
    [InlineData(19, 0, "0 values")]
    [InlineData(20, 0, "name of 0 bytes")]
    [InlineData(20, 200, "are left")]
    [InlineData(29, 0x7F, "no finite number")]
    [InlineData(0, 0x12, "of kind 2 with values")]
    [InlineData(0, 0x13, "of kind 3 with values")]
    [InlineData(0, 0x14, "of kind 4 with values")]
    public void Check_WhenTheValuesAreNone_SaysWhy(int at, byte value, string expected)
    {
        // Room for a name of any length behind the value.
        byte[] record = [.. WithValues()[0], .. new byte[at == 20 && value == 0 ? 1 : 0]];
        record[at] = value;
        if (at == 29)
        {
            record[28] = 0xF0;
        }

        Assert.Contains(expected, LogRecord.Check(record, out _));
    }

    [Fact]
    public void Check_WhenALabelIsEmptyOrOfNoStream_SaysWhy()
    {
        byte[] none = Convert.FromHexString("04" + "0200000000000000" + "0100" + "0000" + "0000" + "73");
        byte[] nobody = Convert.FromHexString("04" + "0200000000000000" + "0000" + "0100" + "0000" + "6D");

        Assert.Equal("with an empty label", LogRecord.Check(none, out _));
        Assert.Contains("key of 0 bytes", LogRecord.Check(nobody, out _));
    }

    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);

    private static EventBatch WithValues()
    {
        var values = new EventValues();
        Assert.Null(values.TryAdd("a"u8, 1.5));
        var batch = new EventBatch();
        Assert.Null(batch.TryAdd("s"u8, 2, "mk"u8, "i"u8, values.Encoded));
        return batch;
    }
}
