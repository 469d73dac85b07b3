using System.Threading.Channels;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Shards;
using Foretell.Grains.Contracts;
using Foretell.Grains.Feeds;
using Foretell.Grains.Tests.Support;
using Foretell.Hosting;
using Foretell.Stores.Postgres;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Streams;

namespace Foretell.Grains.Tests;

/// <summary>A shard's pushes, with a clock that moves when a test says so, over the streams of a real silo.</summary>
public sealed class ChangePublisherTests : IAsyncLifetime
{
    private readonly TestTime _time = new();
    private readonly TemporaryFolder _directory = new();
    private readonly Channel<StreamChange> _arrived = Channel.CreateUnbounded<StreamChange>();
    private GrainCluster _cluster = null!;
    private SqliteEventLog _log = null!;
    private SqliteStateStore _store = null!;
    private PartitionHost _owner = null!;
    private ChangePublisher _publisher = null!;
    private long _sequence;

    public async ValueTask InitializeAsync()
    {
        _cluster = await GrainCluster.StartAsync(1, "gateway");
        FeedStreams streams = _cluster.Services(0).GetRequiredService<FeedStreams>();
        await streams.Changes("here").SubscribeAsync((change, _) => _arrived.Writer.WriteAsync(change).AsTask());
        _log = SqliteEventLog.Open(_directory.At("log.db"), 1, _time);
        _store = new SqliteStateStore(_directory.Path);
        _owner = new PartitionHost(new Shard(0, Small.Serving), _log, _store,
            new PartitionHostOptions { Lease = TimeSpan.FromMinutes(1), Time = _time }, NullLogger.Instance);
        await _owner.LoadAsync(default);
        _publisher = new ChangePublisher(_owner, streams.Changes, _time);
    }

    [Fact]
    public async Task Subscribe_WhenAskedFor_PushesUntilTheTermIsOver()
    {
        Apply("a", "b");
        Assert.Equal(1, _publisher.Subscribe("a", "here").Now!.Events);
        Assert.Null(_publisher.Subscribe("unborn", "here").Now);
        Apply("a", "b", "unborn");
        await ArriveAsync(("a", 2), ("unborn", 1));

        _time.Advance(ChangePublisher.Term - TimeSpan.FromSeconds(1));
        Assert.Equal(2, _publisher.Subscribe("a", "here").Now!.Events);
        _time.Advance(TimeSpan.FromSeconds(2));
        // One term is over, the other was renewed.
        Apply("unborn", "a");
        await ArriveAsync(("a", 3));

        _time.Advance(ChangePublisher.Term);
        Apply("a");
        await ShardGrainTests.UntilAsync(() => Task.FromResult(_publisher.Subscribe("b", "here") is not null && _publisher.Count == 1));
    }

    [Fact]
    public async Task Subscribe_WhenTheOwnerCannotProveItsLease_PushesNothing()
    {
        for (int i = 0; i < 9; i++)
        {
            // A reader that renews all the time, while nobody renews the lease.
            _publisher.Subscribe("a", "here");
            _time.Advance(TimeSpan.FromSeconds(7));
        }
        Apply("a");
        await ShardGrainTests.UntilAsync(() =>
        {
            Assert.Throws<PlatformUnavailableException>(() => _publisher.Subscribe("a", "here"));
            return Task.FromResult(_publisher.Count == 0);
        });

        // What the owner pushes in its own right afterwards arrives first.
        await _owner.CommitAsync();
        _publisher.Subscribe("b", "here");
        Apply("b");
        Assert.Equal(("b", 1), await NextAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _owner.DisposeAsync();
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        await _cluster.DisposeAsync();
        _directory.Dispose();
    }

    private void Apply(params string[] streams)
    {
        var batch = new RecordBatch();
        batch.Clear(_sequence + 1);
        foreach (string stream in streams)
        {
            batch.Add(EventSets.Batch((stream, _time.NowTicks + ++_sequence, "view"))[0], _time.NowTicks);
        }
        _owner.Apply(batch);
    }

    private async Task ArriveAsync(params (string Stream, long Events)[] changes)
    {
        var missing = changes.ToHashSet();
        while (missing.Count > 0)
        {
            // Where a stream stood when it was subscribed to is pushed, too.
            missing.Remove(await NextAsync());
        }
    }

    private async Task<(string Stream, long Events)> NextAsync()
    {
        StreamChange change = await _arrived.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        return (change.Stream, change.Events);
    }
}
