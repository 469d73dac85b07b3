using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Engine.Tests.Events;

public sealed class EventValuesTests
{
    [Fact]
    public void Encoded_WhenValuesWereAdded_IsCountThenNamesAndNumbers()
    {
        var values = new EventValues();
        Assert.True(values.Encoded.IsEmpty);
        Assert.Null(values.TryAdd("amount"u8, 12.5));
        Assert.Null(values.TryAdd("é"u8, -1));

        Assert.Equal(2, values.Count);
        Assert.Equal("02" + "06616D6F756E74" + "0000000000002940" + "02C3A9" + "000000000000F0BF", Convert.ToHexString(values.Encoded));
        Assert.Equal([("amount", 12.5), ("é", -1)], Read(values.Encoded));
        values.Clear();
        Assert.True(values.Encoded.IsEmpty);
        Assert.Null(values.TryAdd("amount"u8, 3));
        Assert.Equal([("amount", 3.0)], Read(values.Encoded));
    }

    [Fact]
    public void TryAdd_WhenTheNameIsNone_SaysHowLongItMayBe()
    {
        var values = new EventValues();

        Assert.Equal("A value needs a name of 1 to 64 bytes of UTF-8, got 0.", values.TryAdd(default, 1));
        Assert.Equal("A value needs a name of 1 to 64 bytes of UTF-8, got 65.", values.TryAdd(new byte[65], 1));
        Assert.Equal(0, values.Count);
        Assert.Null(values.TryAdd(Bytes('n', EventValues.MaxNameBytes), 1));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void TryAdd_WhenTheNumberIsNotFinite_SaysSo(double value)
    {
        var values = new EventValues();

        Assert.Contains("must be a finite number", values.TryAdd("a"u8, value));
        Assert.Equal(0, values.Count);
    }

    [Fact]
    public void TryAdd_WhenTheNameIsThereOrAllAre_SaysSoAndKeepsWhatThereIs()
    {
        var values = new EventValues();
        for (int i = 0; i < EventValues.Most; i++)
        {
            Assert.Null(values.TryAdd(Bytes((char)('a' + i), EventValues.MaxNameBytes), i));
        }

        Assert.Contains("is there twice", values.TryAdd(Bytes('c', EventValues.MaxNameBytes), 1));
        Assert.Contains("at most 16 values", values.TryAdd("other"u8, 1));
        Assert.Equal(EventValues.Most, values.Count);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (double)i), Read(values.Encoded).Select(v => v.Value));
        Assert.Null(EventValues.Check(values.Encoded, out int length));
        Assert.Equal(values.Encoded.Length, length);
    }

    [Fact]
    public void Check_WhenBytesFollow_FindsTheEnd()
    {
        var values = new EventValues();
        values.TryAdd("amount"u8, 12.5);
        values.TryAdd("t"u8, 1);
        byte[] more = [.. values.Encoded, 7, 7, 7];

        Assert.Null(EventValues.Check(more, out int length));
        Assert.Equal(more.Length - 3, length);
        for (int cut = 0; cut < length; cut++)
        {
            Assert.Equal("whose values do not end within it", EventValues.Check(more.AsSpan(0, cut), out _));
        }
    }

    [Theory]
    [InlineData("00", "0 values")]
    [InlineData("1101610000000000000000", "do not end")]
    [InlineData("01000000000000000000", "name of 0 bytes")]
    [InlineData("010161000000000000F07F", "no finite number")]
    [InlineData("010161000000000000F8FF", "no finite number")]
    [InlineData("0201610000000000000000016100000000000000FF", "two values of one name")]
    public void Check_WhenNoRecordMayHoldThem_SaysWhy(string hex, string expected) =>
        Assert.Contains(expected, EventValues.Check(Convert.FromHexString(hex), out _));

    [Fact]
    public void Check_WhenThereAreTooManyOrANameIsTooLong_SaysWhy()
    {
        byte[] many = [17, .. Enumerable.Range(0, 17).SelectMany(i => new byte[] { 1, (byte)('a' + i), 0, 0, 0, 0, 0, 0, 0, 0 })];
        byte[] name = [1, 65, .. new byte[65 + 8]];

        Assert.Contains("17 values", EventValues.Check(many, out _));
        Assert.Contains("name of 65 bytes", EventValues.Check(name, out _));
    }

    [Fact]
    public void TryAdd_WhenUsedAgain_AllocatesNothing()
    {
        var values = new EventValues();
        Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Fill();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Fill()
        {
            values.Clear();
            values.TryAdd("amount"u8, 1);
            values.TryAdd("temp"u8, 2);
            for (ReadOnlySpan<byte> rest = values.Encoded; EventValues.TryRead(ref rest, out _, out _);)
            {
            }
        }
    }

    private static byte[] Bytes(char letter, int count) => Encoding.UTF8.GetBytes(new string(letter, count));

    private static List<(string Name, double Value)> Read(ReadOnlySpan<byte> encoded)
    {
        var read = new List<(string, double)>();
        while (EventValues.TryRead(ref encoded, out ReadOnlySpan<byte> name, out double value))
        {
            read.Add((Encoding.UTF8.GetString(name), value));
        }
        return read;
    }
}
