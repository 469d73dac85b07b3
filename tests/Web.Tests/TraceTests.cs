using System.Diagnostics;
using Foretell.Support;

namespace Foretell.Web.Tests;

public class TraceTests
{
    [Fact]
    public async Task Trace_WhenACallerSamplesItsRequest_HasTheEventsWholeWay()
    {
        using var recorder = new TraceRecorder();
        await using var api = await ApiHost.StartAsync();
        const string Events = """[{"stream":"a","time":1},{"stream":"a","time":2}]""";

        // One that nobody samples comes first and leaves nothing.
        await api.SendEventsAsync(Events);
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = ApiHost.Content("application/json", Events) };
        request.Headers.Add("traceparent", recorder.TraceParent);
        string position = (string)(await api.SendAsync(request)).Json["position"]!;
        await api.GetAsync($"/v1/status?after={position}");

        Activity append = recorder.Span("log append"), apply = recorder.Span("shard apply");
        Assert.Equal(append.SpanId, apply.ParentSpanId);
        Assert.Equal(2L, apply.GetTagItem("foretell.events"));
        Assert.Equal((ActivityKind.Server, recorder.TraceParent[36..52]), (append.Parent!.Kind, append.Parent.ParentSpanId.ToHexString()));
    }
}
