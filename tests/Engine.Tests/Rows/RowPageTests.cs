using System.Buffers.Binary;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Engine.Tests.Rows;

public class RowPageTests
{
    private const int HeaderBytes = 16;
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    /// <summary>What a page of right checksum may say of itself, as it lies in memory.</summary>
    public static TheoryData<string, string, int, long> Damages() => new()
    {
        { "rows", "too few for its", 6, 0 },
        { "floats", "floats a row", 12, int.MaxValue },
        { "sequence", "the last of them record -1", HeaderBytes, -1 },
        { "time", "events, the last of them", HeaderBytes + 8, long.MaxValue },
        { "count", "a row of 0 events", HeaderBytes + 16, 0 },
        { "mark", "with mark 4 at", HeaderBytes + 24, 4 },
        { "negative mark", "with mark -1 at", HeaderBytes + 24, -1 },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Decode_WhenANumberIsNoneThatAShardWrites_Refuses(string what, string expected, int at, long value)
    {
        (ShardHeader header, byte[] page) = PageOf(Small.Model);
        switch (what)
        {
            case "rows": BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(at), (ushort)value); break;
            case "floats" or "mark" or "negative mark": BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(at), (int)value); break;
            default: BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(at), value); break;
        }
        Assert.Contains(expected, Refusal(Small.Model, header, page));
    }

    [Theory]
    [InlineData("aaren", 0)]
    [InlineData("softmax", 0)]
    public void Decode_WhenAPageIsCutAnywhere_Refuses(string mixer, int states)
    {
        ForecastModel model = Small.Create(seed: 1, mixer, states);
        (ShardHeader header, byte[] page) = PageOf(model);
        for (int length = 0; length < page.Length; length += length < 200 ? 1 : 37)
        {
            Assert.StartsWith("page 0", Refusal(model, header, page[..length]));
        }
        Assert.Contains("bytes behind its", Refusal(model, header, [.. page, 0]));
    }

    [Fact]
    public void Decode_WhenAKeyIsNoneOrThereTwice_Refuses()
    {
        (ShardHeader header, byte[] page) = PageOf(Small.Model, "aa", "bb");
        int keys = page.Length - 2 * (2 + 2);
        byte[] twice = [.. page];
        "aa"u8.CopyTo(twice.AsSpan(keys + 6));
        Assert.Contains("an earlier row has", Refusal(Small.Model, header, twice));

        byte[] none = [.. page];
        BinaryPrimitives.WriteUInt16LittleEndian(none.AsSpan(keys), 0);
        Assert.Contains("key of 0 bytes", Refusal(Small.Model, header, none));

        byte[] endless = [.. page];
        BinaryPrimitives.WriteUInt16LittleEndian(endless.AsSpan(keys), ushort.MaxValue);
        Assert.Contains("of 65535 bytes", Refusal(Small.Model, header, endless));
    }

    [Theory]
    [InlineData("softmax", 0)]
    [InlineData("tova", 4)]
    [InlineData("h2o", 4)]
    public void Decode_WhenLayersHaveSeenOtherNumbersOfEvents_Refuses(string mixer, int states)
    {
        ForecastModel model = Small.Create(seed: 1, mixer, states);
        (ShardHeader header, byte[] page) = PageOf(model);
        int start = HeaderBytes + RowHeader.Bytes * BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(6));
        // A step would take its place in the row's memory from the count, wherever that is.
        foreach (long events in new[] { -1L, long.MinValue, int.MaxValue, long.MaxValue })
        {
            byte[] first = [.. page];
            BinaryPrimitives.WriteInt64LittleEndian(first.AsSpan(start), events);
            Assert.Contains("no step can go on from", Refusal(model, header, first));

            byte[] second = [.. page];
            int layer = model.MixerFloats / model.Config.Layers * sizeof(float);
            BinaryPrimitives.WriteInt64LittleEndian(second.AsSpan(start + layer), events);
            Assert.Contains("no step can go on from", Refusal(model, header, second));
        }
    }

    [Theory]
    [InlineData("aaren", 0)]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    [InlineData("tova", 4)]
    public void Decode_WhenAFloatIsNoNumber_Refuses(string mixer, int states)
    {
        ForecastModel model = Small.Create(seed: 1, mixer, states);
        (ShardHeader header, byte[] page) = PageOf(model);
        int start = HeaderBytes + RowHeader.Bytes * BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(6));
        foreach (int at in new[] { 2, model.MixerFloats - 1, model.MixerFloats, model.StateFloats - 1 })
        {
            byte[] hostile = [.. page];
            float number = at % 2 == 0 ? float.NaN : float.PositiveInfinity;
            BinaryPrimitives.WriteSingleLittleEndian(hostile.AsSpan(start + at * sizeof(float)), number);
            Assert.Contains("finite numbers", Refusal(model, header, hostile));
        }
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(65_536, 0, 0)]
    [InlineData(1, -1, 0)]
    [InlineData(1, 0, -1)]
    public void Restore_WhenAHeaderIsNoneThatAShardWrites_Refuses(int rowsPerPage, int rows, long position)
    {
        (ShardHeader header, _) = PageOf(Small.Model);
        using var shard = new Shard(3, Small.Serving);
        var e = Assert.Throws<InvalidDataException>(() =>
            shard.Restore(header with { RowsPerPage = rowsPerPage, Rows = rows, Position = position }));
        Assert.StartsWith("Partition 3's store is damaged: its header says", e.Message);
    }

    [Fact]
    public void Restore_WhenAHeaderClaimsBillionsOfRows_AllocatesNothingForThem()
    {
        (ShardHeader header, byte[] page) = PageOf(Small.Model);
        using var shard = new Shard(0, Small.Serving);
        shard.Restore(header with { Rows = int.MaxValue });
        shard.RestorePage(page);
        Assert.Equal(2, shard.Counts().Streams);
    }

    private static (ShardHeader Header, byte[] Page) PageOf(ForecastModel model, params string[] streams)
    {
        using var shard = new Shard(0, new ServingModel(model));
        var records = new RecordBatch();
        records.Clear(1);
        foreach (string stream in streams is [] ? ["a", "b"] : streams)
        {
            records.Add(EventSets.Batch((stream, Now, "view"))[0], Now);
        }
        shard.Advance(records);
        using ShardCommit commit = shard.TakeCommit()!;
        return (commit.Header, commit.Page(0).Bytes.ToArray());
    }

    private static string Refusal(ForecastModel model, ShardHeader header, byte[] page)
    {
        if (page.Length >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(page, Crc32C.Compute(page.AsSpan(sizeof(uint))));
        }
        using var shard = new Shard(0, new ServingModel(model));
        shard.Restore(header);
        return Assert.Throws<InvalidDataException>(() => shard.RestorePage(page)).Message;
    }
}
