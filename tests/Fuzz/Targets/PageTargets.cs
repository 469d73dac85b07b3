using System.Buffers.Binary;
using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Fuzz.Running;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Fuzz.Targets;

/// <summary>Pages of rows, for each way in which a row is laid out: loaded, forecast from, stepped on and written again.</summary>
internal static class PageTargets
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;
    private const int HeaderBytes = 16;

    public static IReadOnlyList<FuzzTarget> List { get; } =
        [Page("aaren"), Page("linear"), Page("softmax"), Page("tova", 4), Page("h2o", 4), Page("window+1", 4)];

    private static FuzzTarget Page(string mixer, int states = 0)
    {
        var serving = new ServingModel(ForecastModel.Untrained(new ModelConfig
        {
            Width = 16, Layers = 2, Heads = 2, Components = 16, Mixer = mixer, States = states, Marks = ["visit", "buy"],
        }, seed: 1));
        (ShardHeader header, byte[][] pages) = Pages(serving, events: 40);
        return new FuzzTarget($"page-{mixer}", input => Read(serving, header, input), typeof(InvalidDataException))
        {
            Seeds = pages,
            Repair = Repair,
            MostBytes = 16_384,
            FreeBytes = 4 << 20,
            BytesPerByte = 512,
            Share = 30,
        };
    }

    private static (ShardHeader, byte[][]) Pages(ServingModel serving, int events)
    {
        using var shard = new Shard(0, serving);
        shard.Advance(Records(1, events));
        using ShardCommit commit = shard.TakeCommit()!;
        return (commit.Header, [commit.Page(0).Bytes.ToArray()]);
    }

    private static RecordBatch Records(long first, int count)
    {
        var batch = new RecordBatch();
        batch.Clear(first);
        var events = new EventBatch();
        for (int i = 0; i < count; i++)
        {
            events.TryAdd(Encoding.UTF8.GetBytes($"s{i % 2}"), Now + (first + i) * EventTime.PerSecond, i % 3 == 0 ? "buy"u8 : "visit"u8, default);
            batch.Add(events[i], Now + i);
        }
        return batch;
    }

    private static void Repair(byte[] page)
    {
        if (page.Length >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(page, Crc32C.Compute(page.AsSpan(sizeof(uint))));
        }
    }

    private static void Read(ServingModel serving, ShardHeader header, byte[] page)
    {
        using var shard = new Shard(0, serving);
        // The format's own word for the rows of a page, so that other numbers than the header's are read as well.
        int rows = page.Length < HeaderBytes ? 1 : Math.Max((ushort)1, BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(6)));
        shard.Restore(header with { RowsPerPage = Math.Max(header.RowsPerPage, rows) });
        shard.RestorePage(page);
        int streams = shard.Counts().Streams;
        for (int row = 0; row < Math.Min(streams, 4); row++)
        {
            StreamSnapshot found = shard.Find(shard.KeyOf(row))!;
            var question = new ForecastQuestion(null, 3600, [0.1, 0.9], ExpectedCount: false);
            ForecastReport report = ForecastReport.Of(serving.Forecaster, found.Stream, found.LastEventTicks, found.State, question, Now);
            EventTime.ToDateTimeOffset(report.AtTicks);
            found.Digest(serving.Model);
        }
        shard.Advance(Records(header.Position + 1, 4));
        using ShardCommit commit = shard.TakeCommit()!;
        for (int i = 0; i < commit.PageCount; i++)
        {
            RecordTargets.Require(commit.Page(i).Bytes.Length > HeaderBytes, "a loaded page is written again");
        }
    }
}
