using System.Diagnostics;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Support;
using Parquet;
using Parquet.Schema;

namespace Foretell.Ingest.Tests.Files;

[Collection("temporary files without a name")]
public sealed class ParquetTests : IDisposable
{
    private static readonly DateTime s_noon = new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);
    private static readonly long s_noonTicks = EventTime.FromDateTimeOffset(s_noon);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadEvents_WhenTheFileHasRowGroups_ReadsEachRowInOrder()
    {
        var stream = new DataField<string>("stream");
        var time = new DateTimeDataField("time", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros);
        var mark = new DataField<int?>("mark");
        var other = new DataField<double>("other");
        string path = await WriteAsync([stream, time, mark, other], groups: 3, async (group, g) =>
        {
            await group.WriteAsync(stream, [$"a{g}", $"b{g}"]);
            await group.WriteAsync<DateTime>(time, new[] { s_noon.AddTicks(10 * g), s_noon.AddSeconds(-1) });
            await group.WriteAsync<int>(mark, new int?[] { g, null });
            await group.WriteAsync<double>(other, new[] { 0.5, 1 });
        });

        Assert.Equal(
            Enumerable.Range(0, 3).SelectMany(g => new DecodedRow[]
            {
                new($"a{g}", s_noonTicks + 10 * g, $"{g}", ""), new($"b{g}", s_noonTicks - EventTime.PerSecond, "", ""),
            }),
            Read(path));
    }

    [Theory]
    [InlineData(DateTimeTimeUnit.Millis)]
    [InlineData(DateTimeTimeUnit.Micros)]
    [InlineData(DateTimeTimeUnit.Nanos)]
    public async Task ReadEvents_WhenTimestampsAreUtc_KeepsThemInEveryUnit(DateTimeTimeUnit unit)
    {
        var time = new DateTimeDataField("time", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: unit);
        Assert.Equal([s_noonTicks], Read(await TimesAsync(time, s_noon)).Select(e => e.Ticks));
    }

    [Fact]
    public async Task ReadEvents_WhenTheFileComesThroughAPipe_ReadsTheSame()
    {
        string path = await TimesAsync(new DataField<long>("time"), 7L), pipe = _folder.At("pipe");
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }
        Task writing = Task.Run(async () =>
        {
            await using var to = new FileStream(pipe, FileMode.Open, FileAccess.Write);
            await to.WriteAsync(await File.ReadAllBytesAsync(path));
        });

        Assert.Equal(Read(path), Read(pipe));
        await writing;
    }

    [Theory]
    [InlineData(DateTimeFormat.Timestamp)]
    [InlineData(DateTimeFormat.Date)]
    [InlineData(DateTimeFormat.Impala)]
    public async Task ReadEvents_WhenTimesHaveNoOffset_NeedsTheirZone(DateTimeFormat format)
    {
        var field = new DateTimeDataField("time", format, isAdjustedToUTC: false, unit: DateTimeTimeUnit.Micros);
        string path = await TimesAsync(field, DateTime.SpecifyKind(s_noon.Date, DateTimeKind.Unspecified));

        Assert.Contains("holds times without an offset; name their zone with --time-zone",
            Assert.Throws<EventFileException>(() => Read(path)).Message);
        Assert.Equal([EventTime.FromDateTimeOffset(s_noon.Date) - 8 * 3600 * EventTime.PerSecond],
            Read(path, zone: TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai")).Select(e => e.Ticks));
    }

    [Fact]
    public async Task ReadEvents_WhenTimesAreNumbers_TakesUnixSecondsAndSaysWhatMillisecondsAre()
    {
        string seconds = await TimesAsync(new DataField<long>("time"), s_noonTicks / EventTime.PerSecond);
        Assert.Equal([s_noonTicks], Read(seconds).Select(e => e.Ticks));
        Assert.Equal([15_000_000], Read(await TimesAsync(new DataField<double>("time"), 1.5)).Select(e => e.Ticks));
        Assert.Equal([12_345_678], Read(await TimesAsync(new DecimalDataField("time", 38, 9), 1.2345678m)).Select(e => e.Ticks));
        string milliseconds = await TimesAsync(new DataField<long>("time"), s_noonTicks / 10_000);
        Assert.Matches(@"x\.parquet: Row 1 \(from 1\): 'time' must lie within years 1 to 9999, .* reads as milliseconds",
            Assert.Throws<EventFileException>(() => Read(milliseconds)).Message);
    }

    [Fact]
    public async Task ReadEvents_WhenColumnsHaveOtherNames_UsesTheNamedOnes()
    {
        var user = new DataField<long>("user_id");
        var at = new DataField<string>("at");
        string path = await WriteAsync([user, at], 1, async (group, _) =>
        {
            await group.WriteAsync<long>(user, new[] { 42L });
            await group.WriteAsync(at, ["2026-01-31T12:00:00Z"]);
        });

        Assert.Contains("the columns are user_id, at. Name it with --columns stream=user_id,time=at.",
            Assert.Throws<EventFileException>(() => Read(path)).Message);
        Assert.Equal([new DecodedRow("42", s_noonTicks, "", "")], Read(path, EventColumns.Parse("stream=user_id,time=at")));
    }

    [Fact]
    public async Task ReadEvents_WhenAColumnHasAnotherType_SaysWhich()
    {
        string path = await TimesAsync(new DataField<bool>("time"), true);
        Assert.Contains("The column 'time' for the time has type Boolean", Assert.Throws<EventFileException>(() => Read(path)).Message);
    }

    [Fact]
    public async Task ReadEvents_WhenTheFileIsDamaged_SaysSo()
    {
        string path = await TimesAsync(new DataField<long>("time"), 1L);
        byte[] bytes = await File.ReadAllBytesAsync(path);
        for (int cut = 8; cut < bytes.Length; cut += 37)
        {
            Assert.Contains("Parquet file is damaged",
                Assert.Throws<EventFileException>(() => Read(_folder.Write("cut", bytes[..cut]))).Message);
        }
    }

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    public async Task ReadEvents_WhenAnyByteIsAnother_ReadsTheFileOrRefusesIt(CompressionMethod codec)
    {
        var stream = new DataField<string>("stream");
        var time = new DataField<double>("time");
        string path = await WriteAsync([stream, time], 1, async (group, _) =>
        {
            await group.WriteAsync(stream, ["a", "b"]);
            await group.WriteAsync<double>(time, new[] { 1.5, 2 });
        }, codec);
        byte[] bytes = await File.ReadAllBytesAsync(path);
        int refused = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            foreach (byte other in new byte[] { 0, 1, 0x7F, 0x80, 0xFF, (byte)(bytes[at] ^ 1), (byte)(bytes[at] ^ 0x10) })
            {
                byte[] changed = [.. bytes];
                changed[at] = other;
                // A file that begins otherwise is taken for another kind.
                refused += at >= 4 && Record.Exception(() => Read(_folder.Write("changed", changed))) is { } error
                    ? Assert.IsType<EventFileException>(error).Message.Contains("changed", StringComparison.Ordinal) ? 1 : 0 : 0;
            }
        }
        Assert.InRange(refused, bytes.Length, 7 * bytes.Length);
    }

    [Fact]
    public async Task ReadEvents_WhenWhatSaysWhatIsInItIsCutShort_SaysThatItIsDamaged()
    {
        byte[] bytes = await File.ReadAllBytesAsync(await TimesAsync(new DataField<long>("time"), 1L));
        int length = BitConverter.ToInt32(bytes, bytes.Length - 8);
        for (int left = 0; left < length; left++)
        {
            byte[] cut = [.. bytes[..^(length - left + 8)], .. BitConverter.GetBytes(left), .. "PAR1"u8];
            Assert.Contains("Parquet file is damaged", Assert.Throws<EventFileException>(() => Read(_folder.Write("cut", cut))).Message);
        }
    }

    [Fact]
    public async Task ReadSequences_WhenTheFileIsParquet_GroupsIt()
    {
        string path = await TimesAsync(new DataField<long>("time"), 7L);
        Assert.Equal([0.0], Assert.Single(EventFile.ReadSequences(path)).Times);
    }

    private Task<string> TimesAsync<T>(DataField time, T value) where T : struct
    {
        var stream = new DataField<string>("stream");
        return WriteAsync([stream, time], 1, async (group, _) =>
        {
            await group.WriteAsync(stream, ["a"]);
            await group.WriteAsync<T>(time, new[] { value });
        });
    }

    private async Task<string> WriteAsync(Field[] fields, int groups, Func<ParquetRowGroupWriter, int, Task> write,
        CompressionMethod codec = CompressionMethod.Snappy)
    {
        string path = _folder.At("x.parquet");
        await using FileStream file = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file,
            new ParquetOptions { CompressionMethod = codec });
        for (int g = 0; g < groups; g++)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await write(group, g);
        }
        return path;
    }

    private static List<DecodedRow> Read(string path, EventColumns? columns = null, TimeZoneInfo? zone = null)
    {
        var rows = new List<DecodedRow>();
        foreach (EventBatch batch in EventFile.ReadEvents(path, columns: columns, zone: zone))
        {
            rows.AddRange(Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i])));
        }
        return rows;
    }
}
