using System.Diagnostics;
using Foretell.Engine.Events;
using Foretell.Grains.Tests.Support;
using Foretell.Support;

namespace Foretell.Grains.Tests;

public class TraceTests
{
    [Fact]
    public async Task Trace_WhenAnAppendIsSampled_GoesOnAtTheShardsSilo()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, "gateway,ingest", "worker");
        using var recorder = new TraceRecorder();
        long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
        string[] streams = ["a", "b", "c", "d", "e", "f"];

        using (recorder.Begin())
        {
            await cluster.Platform().AppendAsync(EventSets.Batch([.. streams.Select(s => (s, now, "view"))]), null, default);
        }
        await cluster.AppliedAsync();

        Activity append = recorder.Span("log append");
        Activity[] applied = [.. recorder.Spans.Where(s => s.DisplayName == "shard apply")];
        Assert.Equal([0, 1], applied.Select(s => (int)s.GetTagItem("foretell.partition")!).Order());
        Assert.All(applied, s => Assert.Equal(append.SpanId, s.ParentSpanId));
        Assert.Equal(streams.Length, applied.Sum(s => (long)s.GetTagItem("foretell.events")!));
    }
}
