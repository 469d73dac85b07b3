using System.Net;

namespace Foretell.Web.Tests;

public class GetModelTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task GetModel_WhenItRuns_TellsItsMarksAndTimeUnit()
    {
        var config = shared.Host.Platform.Model.Config;

        ApiResponse answer = await shared.Host.GetAsync($"/v1/models/{shared.Host.Platform.Model.Id}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(shared.Host.Platform.Model.Id, (string?)answer.Json["model"]);
        Assert.Equal(config.TimeUnitSeconds, (double)answer.Json["timeUnitSeconds"]!);
        Assert.Equal(config.Marks, answer.Json["marks"]!.AsArray().Select(m => (string)m!));
        Assert.False((bool)answer.Json["hasOtherMark"]!);
    }

    [Fact]
    public async Task GetModel_WhenAnotherModelIsAsked_Answers404AndNamesTheOneThatRuns()
    {
        ApiResponse answer = await shared.Host.GetAsync("/v1/models/0123456789abcdef");

        Assert.Contains(shared.Host.Platform.Model.Id, answer.AssertProblem(404, "unknown-model"), StringComparison.Ordinal);
    }
}
