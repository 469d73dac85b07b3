using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Foretell.Web.Status;

/// <summary><c>GET /v1/models/{model}/calibration</c>: whether a model's probabilities come true.</summary>
internal static class GetCalibration
{
    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/models/{model}/calibration", HandleAsync)
        .WithName("GetCalibration").WithTags("Models")
        .WithSummary("Whether a model's probabilities come true")
        .WithDescription("Counts over all scored events of all streams since the model began to advance them. Two readings subtracted are the time in between.")
        .Parameter("model", "Model id, as `GET /v1/status` names it.", location: ParameterLocation.Path)
        .Problems(ProblemKind.InvalidParameter, ProblemKind.UnknownModel, ProblemKind.Unavailable));

    private static async Task<Results<Ok<CalibrationAnswer>, ProblemHttpResult>> HandleAsync(
        [FromRoute] string model, IPlatform platform, CancellationToken cancellationToken) =>
        model == platform.Model.Id
            ? TypedResults.Ok(CalibrationAnswer.Of(platform.Model, await platform.CalibrationAsync(cancellationToken)))
            : Problems.Result(ProblemKind.UnknownModel, $"Model '{model}' does not run here; {platform.Model.Id} does.");
}

/// <summary>Whether a model's probabilities come true.</summary>
/// <param name="Model">Id of the model.</param>
/// <param name="Events">Scored events: every event but each stream's first.</param>
/// <param name="Pit">Scored events by where their gap fell in its forecast: counts in equal bins of the probability of a shorter gap. Equal counts if the model is right.</param>
/// <param name="PitKs">Largest distance between that distribution and the uniform one at the bins' edges; null before the first scored event.</param>
/// <param name="Reliability">Bins of the probability that a forecast, once the gap is known, gave its likeliest mark; empty where the model has no marks.</param>
/// <param name="Values">The same as of gaps for each value that the model forecasts, given gap and mark; empty where it forecasts none.</param>
public sealed record CalibrationAnswer(string Model, long Events, IReadOnlyList<long> Pit, double? PitKs,
    IReadOnlyList<ReliabilityBin> Reliability, IReadOnlyList<ValueCalibration> Values)
{
    internal static CalibrationAnswer Of(ForecastModel model, Calibration calibration)
    {
        ReliabilityBin[] bins = [.. Enumerable.Range(0, Calibration.MarkBins).Select(i => ReliabilityBin.Of(i, calibration.Marks(i)))];
        return new CalibrationAnswer(model.Id, calibration.Events, calibration.Pit.ToArray(), calibration.PitKs,
            bins.Any(b => b.Events > 0) ? bins : [], ValueCalibration.Of(model.Config, calibration));
    }
}

/// <summary>One bin of the likeliest mark's probability.</summary>
/// <param name="From">Least probability in it.</param>
/// <param name="To">Where the next bin begins.</param>
/// <param name="Events">Events whose forecast fell into it.</param>
/// <param name="Predicted">Mean probability of the likeliest mark in these forecasts; null without events.</param>
/// <param name="Observed">Share of them in which that mark came; the same if the model is right. Null without events.</param>
public sealed record ReliabilityBin(double From, double To, long Events, double? Predicted, double? Observed)
{
    internal static ReliabilityBin Of(int index, Calibration.MarkBin bin) => new(
        (double)index / Calibration.MarkBins, (index + 1.0) / Calibration.MarkBins, bin.Events,
        bin.Events == 0 ? null : bin.Predicted, bin.Events == 0 ? null : (double)bin.Hits / bin.Events);
}

/// <summary>Whether a model's probabilities of one value come true.</summary>
/// <param name="Name">Its name in the events.</param>
/// <param name="Events">Scored events that had it.</param>
/// <param name="Pit">These events by where the value fell in its forecast: counts in equal bins of the probability of a smaller one. Equal counts if the model is right; a value that is rounded coarsely piles up.</param>
/// <param name="PitKs">Largest distance between that distribution and the uniform one at the bins' edges; null before the first event that had it.</param>
public sealed record ValueCalibration(string Name, long Events, IReadOnlyList<long> Pit, double? PitKs)
{
    internal static IReadOnlyList<ValueCalibration> Of(ModelConfig config, Calibration calibration) =>
        [.. (config.ForecastsValues ? config.Values! : []).Index().Where(v => !v.Item.IsFact)
            .Select(v => Of(v.Item.Name, v.Index, calibration))];

    private static ValueCalibration Of(string name, int value, Calibration calibration)
    {
        long[] pit = calibration.ValuePit(value).ToArray();
        return new ValueCalibration(name, pit.Sum(), pit, calibration.ValuePitKs(value));
    }
}
