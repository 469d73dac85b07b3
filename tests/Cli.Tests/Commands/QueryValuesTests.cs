using System.Net.Http.Json;
using Foretell.Cli.Shell;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell query of a model with values, labels and actions.</summary>
public sealed class QueryValuesTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ForetellProcess _host = null!;
    private Uri _url = null!;

    public async ValueTask InitializeAsync()
    {
        string model = Path.Combine(_folder.Path, "shop.safetensors");
        ForecastModel.Untrained(new ModelConfig
        {
            Width = 16,
            Layers = 1,
            Heads = 2,
            TimeUnitSeconds = 3600,
            Marks = ["buy", "call", "mail"],
            Values = [new ValueScale("amount", 3, 1) { Floor = 0.1 }, new ValueScale("temp", 20, 5)],
            ForecastsValues = true,
            Labels = ["stays", "leaves"],
            Decisions = new DecisionSettings(["mail", "call"], "amount"),
        }, 5).Save(model);
        (_host, _url) = await ForetellProcess.StartHostAsync(_folder, "--model", model);
        using var http = new HttpClient { BaseAddress = _url };
        using HttpResponseMessage sent = await http.PostAsync("v1/events", JsonContent.Create(new[]
        {
            new { stream = "a", time = 1769860800, mark = "buy", values = new { amount = 12.3, temp = 21.0 } },
        }));
        string position = (await sent.Content.ReadFromJsonAsync<Dictionary<string, object>>())!["position"].ToString()!;
        (await http.GetAsync($"v1/streams/a?after={position}")).EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Query_OfAModelWithValuesAndLabels_ShowsThem()
    {
        ProcessResult result = await QueryAsync("a", "--horizon", "7d", "--at", "1769861800");

        Assert.True(result.ExitCode == 0, result.Error);
        foreach (string part in new[] { "next event's values", "amount", "temp", "sum in 7 d", "kind of stream", "stays", "leaves" })
        {
            Assert.Contains(part, result.Output);
        }
    }

    [Fact]
    public async Task Query_OfMarksWithinTheHorizon_ShowsHowLikelyTheyAre()
    {
        ProcessResult result = await QueryAsync("a", "--horizon", "7d", "--within", "buy, call");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Matches(@"mark buy in 7 d +[\d.]+ %, (under )?[\d.,]+ expected", result.Output);
        Assert.Matches(@"mark call in 7 d +[\d.]+ %, (under )?[\d.,]+ expected", result.Output);
        result = await QueryAsync("a", "--within", "breaks");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("'breaks' is none. It has buy, call, mail.", result.Error);
    }

    [Fact]
    public async Task Query_OfActions_RanksThem()
    {
        ProcessResult result = await QueryAsync("a", "--actions", "--horizon", "7d", "--at", "1769861800");

        Assert.True(result.ExitCode == 0, result.Error);
        foreach (string part in new[] { "amount in 7 d", "share in training", "mail", "call", "0.95" })
        {
            Assert.Contains(part, result.Output);
        }
        Assert.DoesNotContain("next mark", result.Output);
    }

    [Fact]
    public async Task Query_OfActionsAndMarks_SaysThatOneIsEnough()
    {
        ProcessResult result = await QueryAsync("a", "--actions", "--marks", "3");

        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains("--actions stands in the place of the forecast", result.Error);
    }

    private Task<ProcessResult> QueryAsync(params string[] arguments) =>
        ForetellProcess.RunAsync(_folder.Path, ["query", .. arguments, "--url", _url.ToString()]);
}
