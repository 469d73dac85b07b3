using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Foretell.Web.Status;

/// <summary><c>GET /v1/models/{model}</c>: what a model knows.</summary>
internal static class GetModel
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/models/{model}", Handle)
        .WithName("GetModel").WithTags("Models")
        .WithSummary("What a model knows")
        .WithDescription("Its time unit and the marks that it tells apart: an event with another mark counts as unknown.")
        .Parameter("model", "Model id, as `GET /v1/status` names it.", location: ParameterLocation.Path)
        .Problems(ProblemKind.InvalidParameter, ProblemKind.UnknownModel);

    private static Results<Ok<ModelAnswer>, ProblemHttpResult> Handle([FromRoute] string model, IPlatform platform) =>
        model == platform.Model.Id
            ? TypedResults.Ok(ModelAnswer.Of(platform.Model))
            : Problems.Result(ProblemKind.UnknownModel, $"Model '{model}' does not run here; {platform.Model.Id} does.");
}

/// <summary>What a model knows.</summary>
/// <param name="Model">Id of the model.</param>
/// <param name="TimeUnitSeconds">Seconds per unit of the inter-event times that it was trained on.</param>
/// <param name="Marks">Marks that it tells apart; empty where it was trained on events without marks.</param>
/// <param name="HasOtherMark">True where the last of them, `other`, stands for every mark outside the list: training folded rare marks into it.</param>
public sealed record ModelAnswer(string Model, double TimeUnitSeconds, IReadOnlyList<string> Marks, bool HasOtherMark)
{
    /// <summary>Values that it reads and forecasts; empty where it was trained on events without values. Others are kept in the log and not read.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Kinds of stream that it tells apart; empty where it was trained on streams without labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    internal static ModelAnswer Of(ForecastModel model)
    {
        ModelConfig config = model.Config;
        return new ModelAnswer(model.Id, config.TimeUnitSeconds, config.Marks, config.HasOtherMark)
        {
            Values = config.ForecastsValues ? [.. config.Values!.Select(v => v.Name)] : [],
            Labels = config.Labels ?? [],
        };
    }
}
