using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>A shard that knows all streams, and the records that it gets; only the shard's work is timed.</summary>
internal sealed class ShardFeed : IDisposable
{
    private const long TicksPerEvent = EventTime.PerSecond / 500_000;
    private static readonly byte[][] s_keys =
        [.. Enumerable.Range(0, DeviceCostBench.Streams).Select(i => Encoding.UTF8.GetBytes($"stream-{i}"))];
    private static readonly byte[][] s_marks = [.. Enumerable.Range(0, 10).Select(i => Encoding.UTF8.GetBytes($"mark-{i}"))];

    private readonly Shard _shard;
    private readonly RandomStream _random = new(DeviceCostBench.Seed);
    private readonly RecordBatch _records = new();
    private readonly EventBatch _events = new();
    private long _now = 1_700_000_000L * EventTime.PerSecond;

    public ShardFeed(ForecastModel model, IStepDevice? device)
    {
        _shard = new Shard(0, new ServingModel(model, device));
        // A stream's first event makes its row, which is no part of what is measured.
        for (int first = 0; first < DeviceCostBench.Streams; first += DeviceCostBench.Batch)
        {
            Advance(i => Math.Min(first + i, DeviceCostBench.Streams - 1));
        }
    }

    public TimeSpan Advance() => Advance(_ => _random.NextInt(DeviceCostBench.Streams));

    private TimeSpan Advance(Func<int, int> stream)
    {
        _records.Clear(_shard.Position + 1);
        _events.Clear();
        for (int i = 0; i < DeviceCostBench.Batch; i++)
        {
            _now += TicksPerEvent;
            _events.TryAdd(s_keys[stream(i)], _now, s_marks[i % s_marks.Length], []);
            _records.Add(_events[i], _now);
        }
        return DeviceCostBench.Timed(() => _shard.Advance(_records));
    }

    public void Dispose() => _shard.Dispose();
}
