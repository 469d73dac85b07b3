using System.Diagnostics;
using Foretell.Engine.Events;

namespace Foretell.Engine.Shards;

/// <summary>While a batch is applied: one span for each sampled append in it, in that append's own trace and below its span.</summary>
/// <remarks>
/// Children and no links, so that whoever looks at a request finds its events' way to the end in the same trace. Records
/// that are replayed after a crash are applied once more, and their trace shows it.
/// </remarks>
public sealed class ApplySpans : IDisposable
{
    private readonly List<Activity> _spans = [];
    private readonly Activity? _before = Activity.Current;

    private ApplySpans(IReadOnlyList<RecordTrace> traces, int partition)
    {
        foreach (RecordTrace trace in traces)
        {
            if (Telemetry.Activities.StartActivity("shard apply", ActivityKind.Consumer, trace.Parent) is { } span)
            {
                span.SetTag("foretell.partition", partition).SetTag("foretell.sequence", trace.First)
                    .SetTag("foretell.events", trace.Last - trace.First + 1);
                _spans.Add(span);
            }
        }
        // They lie side by side, not inside each other.
        Activity.Current = _before;
    }

    /// <summary>Starts the spans; null when nobody samples what the batch holds.</summary>
    public static ApplySpans? Start(RecordBatch batch, int partition) =>
        batch.Traces.All.Count == 0 ? null : new ApplySpans(batch.Traces.All, partition);

    /// <summary>The batch could not be applied.</summary>
    public void Fail(Exception cause) => _spans.ForEach(span => span.SetStatus(ActivityStatusCode.Error, cause.Message));

    /// <summary>Ends the spans.</summary>
    public void Dispose()
    {
        _spans.ForEach(span => span.Stop());
        Activity.Current = _before;
    }
}
