using System.Collections.Concurrent;
using System.Diagnostics;
using Foretell.Engine;

namespace Foretell.Support;

/// <summary>Samples one trace and keeps its spans; the traces of tests that run beside this one are left alone.</summary>
public sealed class TraceRecorder : IDisposable
{
    private readonly ActivitySpanId _caller = ActivitySpanId.CreateRandom();
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;

    public TraceRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Telemetry.Name or "Microsoft.AspNetCore" or "Microsoft.Orleans.Application",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == TraceId && options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == TraceId)
                {
                    _spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ActivityTraceId TraceId { get; } = ActivityTraceId.CreateRandom();

    /// <summary>A caller's header, as HTTP carries it.</summary>
    public string TraceParent => $"00-{TraceId}-{_caller}-01";

    /// <summary>Spans that have ended.</summary>
    public IReadOnlyCollection<Activity> Spans => _spans;

    /// <summary>The only span of a name.</summary>
    public Activity Span(string name) => Assert.Single(_spans, span => span.DisplayName == name);

    /// <summary>Begins a span of the trace, sampled or not, in which the rest of the test runs until it is disposed.</summary>
    public Activity Begin(bool sampled = true) =>
        new Activity("request").SetParentId(TraceId, _caller, sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None).Start();

    public void Dispose() => _listener.Dispose();
}
