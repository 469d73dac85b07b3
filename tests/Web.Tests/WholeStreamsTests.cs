using System.Text.Json.Nodes;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Web.Tests;

public sealed class WholeStreamsTests
{
    [Fact]
    public async Task GetForecast_OfAModelOfWholeStreams_TellsTheLastEvent()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: ForecastModel.Untrained(new ModelConfig
        {
            Width = 16,
            Layers = 1,
            Heads = 2,
            TimeUnitSeconds = 3600,
            Marks = ["buy", "view"],
            Censored = true,
            Remaining = new RemainingScale(1, 1),
        }, seed: 5));
        string position = await api.SendEventsAsync("""
            [{"stream":"a","time":"2026-01-31T12:00:00Z","mark":"buy"},{"stream":"a","time":"2026-01-31T13:00:00Z","mark":"view"}]
            """);

        JsonNode json = (await api.GetAsync($"/v1/streams/a/forecast?at=2026-01-31T14:00:00Z&quantiles=0.1,0.99&after={position}")).Json;

        double never = (double)json["next"]!["never"]!;
        double[] told = [.. json["remaining"]!["quantiles"]!.AsArray().Select(q => (double)q!["seconds"]!)];
        Assert.Equal(never >= 0.1, told[0] == 0);
        Assert.True(told[1] > 0 && never < 0.99);
    }
}
