using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Support;

namespace Foretell.Engine.Tests.Shards;

public class ShardFeedTests
{
    private const long Now = 1_700_000_000L * EventTime.PerSecond;

    [Fact]
    public async Task Subscribe_WhenEventsAreApplied_GivesTheStateAfterEachOfThem()
    {
        List<(string Stream, long Ticks, string Mark)> events = [.. Enumerable.Range(0, 60).Select(i =>
            (i % 3 == 0 ? "other" : "watched", Now + i * EventTime.PerSecond, i % 2 == 0 ? "view" : "buy"))];
        var expected = new List<(long Sequence, long Events, long Ticks, string Digest)>();
        var reference = new Reference(Small.Model);
        using var shard = new Shard(2, Small.Serving);
        Apply(shard, events[..6], 1);
        for (int i = 0; i < events.Count; i++)
        {
            (string stream, long ticks, string mark) = events[i];
            reference.Apply(0, new EventSets.Read(0, ticks, LogRecordKind.Event, ticks, stream, mark, ""), 0, 0);
            if (stream == "watched")
            {
                expected.Add((i + 1, reference.Count("watched"), ticks, reference.Digest("watched")));
            }
        }

        await using var reader = shard.SubscribeAsync("watched", default).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal(expected[3], Seen(reader.Current.Value!));
        // All at once: forty events of one stream are forty waves of few slices.
        Apply(shard, events[6..], 7);
        for (int i = 4; i < expected.Count; i++)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(expected[i], Seen(reader.Current.Value!));
            Assert.Equal((2, $"{expected[i].Events}"), (reader.Current.Value!.Partition, reader.Current.Id));
        }
    }

    [Fact]
    public async Task Subscribe_WhenTheStreamHasNoEvent_WaitsForItsFirst()
    {
        using var shard = new Shard(0, Small.Serving);
        await using var reader = shard.SubscribeAsync("new", default).GetAsyncEnumerator();
        Task<bool> next = reader.MoveNextAsync().AsTask();
        Apply(shard, [("old", Now, "view")], 1);
        Assert.False(next.IsCompleted);
        Apply(shard, [("new", Now, "view"), ("new", Now, "buy")], 2);
        Assert.True(await next);
        Assert.Equal((1L, 2L), (reader.Current.Value!.Events, reader.Current.Value.Sequence));
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal((2L, 3L), (reader.Current.Value!.Events, reader.Current.Value.Sequence));
    }

    [Fact]
    public async Task Subscribe_WhenTheReaderIsSlow_KeepsTheNewestAndTellsHowManyItMissed()
    {
        using var shard = new Shard(0, Small.Serving);
        Apply(shard, [("a", Now, "view")], 1);
        await using var slow = shard.SubscribeAsync("a", default).GetAsyncEnumerator();
        await using var other = shard.SubscribeAsync("a", default).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync() && await other.MoveNextAsync());
        for (int i = 0; i < 100; i++)
        {
            Apply(shard, [("a", Now + i, "view")], i + 2);
            Assert.True(await other.MoveNextAsync());
            Assert.Equal(i + 2, other.Current.Value!.Events);
        }
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal((null, 100L - StreamFeed.Kept), (slow.Current.Value, slow.Current.Missed));
        for (int i = 100 - StreamFeed.Kept; i < 100; i++)
        {
            Assert.True(await slow.MoveNextAsync());
            Assert.Equal(i + 2, slow.Current.Value!.Events);
        }
    }

    [Fact]
    public async Task Subscribe_WhenTheReaderLeaves_IsForgotten()
    {
        using var shard = new Shard(0, Small.Serving);
        Apply(shard, [("a", Now, "view")], 1);
        await using (var reader = shard.SubscribeAsync("a", default).GetAsyncEnumerator())
        {
            Assert.True(await reader.MoveNextAsync());
        }
        const int events = 1000;
        // Each would cost a copy of the stream's state.
        Assert.Equal(0, Allocations.Least(0, round =>
        {
            RecordBatch batch = Records(
                [.. Enumerable.Range(events * round, events).Select(i => ("a", Now + i, "view"))], events * round + 2);
            return () => shard.Advance(batch);
        }));
    }

    [Fact]
    public async Task Subscribe_WhenTheShardIsFenced_EndsWithItsReason()
    {
        using var shard = new Shard(0, Small.Serving);
        await using var reader = shard.SubscribeAsync("a", default).GetAsyncEnumerator();
        Task<bool> next = reader.MoveNextAsync().AsTask();
        shard.Fence("another owner has it");
        Assert.Contains("another owner", (await Assert.ThrowsAsync<PlatformUnavailableException>(() => next)).Message);
        await using var late = shard.SubscribeAsync("a", default).GetAsyncEnumerator();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => late.MoveNextAsync().AsTask());
    }

    private static (long, long, long, string) Seen(ForecastChange change) => (change.Sequence, change.Events, change.LastEventTicks,
        Convert.ToHexStringLower(StateDigest.Compute(Small.Model, change.Events, change.LastEventTicks, change.State)));

    private static void Apply(Shard shard, List<(string Stream, long Ticks, string Mark)> events, long first) =>
        shard.Advance(Records(events, first));

    private static RecordBatch Records(List<(string Stream, long Ticks, string Mark)> events, long first)
    {
        var batch = new RecordBatch();
        batch.Clear(first);
        foreach ((string stream, long ticks, string mark) in events)
        {
            batch.Add(EventSets.Batch((stream, ticks, mark))[0], Now);
        }
        return batch;
    }
}
