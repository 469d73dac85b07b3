using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell query against a running host.</summary>
public sealed class QueryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ForetellProcess _host = null!;
    private Uri _url = null!;

    public async ValueTask InitializeAsync()
    {
        string file = Workload.Events(_folder, streams: 5, events: 200);
        (_host, _url) = await ForetellProcess.StartHostAsync(_folder, "--model", Workload.Model(_folder), "--file", file);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Query_WhenTheStreamIsKnown_ShowsTheWholeForecast()
    {
        ProcessResult result = await QueryAsync("customer-00000", "--horizon", "5m", "--at", "2026-02-01T00:30:00Z");

        Assert.True(result.ExitCode == 0, result.Error);
        foreach (string part in new[] { "customer-00000", "2026-02-01 00:30:00", "median", "mean", "0.95 by", "within 5 min",
            "events in 5 min", "expected,", "with 90 %", "next mark", "█", "%",
            "nats an event, without history", "p = 0.", "drift", "none found" })
        {
            Assert.Contains(part, result.Output);
        }
    }

    [Fact]
    public async Task Query_WhenJsonIsAsked_PrintsTheApisAnswer()
    {
        ProcessResult result = await QueryAsync("customer-00000", "--json", "--at", "1769905800");

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement forecast = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("customer-00000", forecast.GetProperty("stream").GetString());
        Assert.Equal(3600, forecast.GetProperty("horizonSeconds").GetDouble());
        Assert.Equal(1, forecast.GetProperty("marks").EnumerateArray().Sum(m => m.GetProperty("probability").GetDouble()), 5);
    }

    [Fact]
    public async Task Query_WhenFewMarksAreAsked_ShowsThoseAndTheOthersTogether()
    {
        ProcessResult table = await QueryAsync("customer-00000", "--marks", "1", "--at", "1769905800");
        ProcessResult json = await QueryAsync("customer-00000", "--marks", "1", "--json", "--at", "1769905800");

        Assert.True(table.ExitCode == 0, table.Error);
        JsonElement forecast = JsonDocument.Parse(json.Output).RootElement;
        int others = forecast.GetProperty("otherMarks").GetProperty("count").GetInt32();
        Assert.Contains(Assert.Single(forecast.GetProperty("marks").EnumerateArray()).GetProperty("mark").GetString()!, table.Output);
        Assert.Contains($"{others} others", table.Output);
    }

    [Fact]
    public async Task Query_WhenPathsAreAsked_ShowsAFutureALineAndHowManyEventsAreLeftOut()
    {
        string[] asked = ["customer-00000", "--paths", "3", "--horizon", "1d", "--at", "1769905800"];
        ProcessResult table = await QueryAsync(asked), json = await QueryAsync([.. asked, "--json"]);

        Assert.True(table.ExitCode == 0, table.Error);
        string[] lines = [.. table.Output.Split('\n').SkipWhile(l => !l.StartsWith("possible futures within 1 d", StringComparison.Ordinal)).Skip(1).Take(3)];
        JsonElement[] paths = [.. JsonDocument.Parse(json.Output).RootElement.GetProperty("paths").EnumerateArray()];
        Assert.Equal(3, paths.Length);
        foreach ((string line, JsonElement path) in lines.Zip(paths))
        {
            JsonElement[] events = [.. path.GetProperty("events").EnumerateArray()];
            int told = line.Split(", and ")[0].Split(", ").Length, more = int.Parse(line.Split(", and ")[1].Split(' ')[0].Replace(",", ""));
            Assert.Equal(events.Length, told + more);
            Assert.Contains(events[0].GetProperty("mark").GetString()!, line);
        }
    }

    [Theory]
    [InlineData("No event of stream 'nobody'", "nobody")]
    [InlineData("'at' must be", "customer-00000", "--at", "yesterday")]
    [InlineData("later", "customer-00000", "--at", "2020-01-01T00:00:00Z")]
    public async Task Query_WhenItCannotBeAnswered_SaysWhyInOneSentence(string expected, params string[] arguments)
    {
        ProcessResult result = await QueryAsync(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task Query_WhenNoHostAnswers_SaysHowToStartOne()
    {
        await _host.InterruptAsync();

        ProcessResult result = await QueryAsync("customer-00000");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("start one with 'foretell run'", result.Sentence);
    }

    private Task<ProcessResult> QueryAsync(params string[] arguments) =>
        ForetellProcess.RunAsync(_folder.Path, ["query", .. arguments, "--url", _url.ToString()]);
}
