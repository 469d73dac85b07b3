using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Forecasts;

/// <summary><c>GET /v1/streams/{stream}/actions</c>: what each action now is expected to bring.</summary>
internal static class GetActions
{
    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/streams/{stream}/actions", HandleAsync)
        .OwnDeadlines()
        .WithName("GetActions").WithTags("Forecasts")
        .WithSummary("What each action now is expected to bring")
        .WithDescription("The model's actions by the reward that is expected within the horizon where each is taken at `at` and later ones are as they were in training. "
            + "What training hardly ever saw in such a state is named and not ranked.")
        .StreamParameter().AtParameter()
        .Parameter("horizon", "How far the reward counts: seconds (`90`), a number with a unit (`7d`) or ISO 8601 (`P7D`). One hour when left out.", "7d")
        .Parameter("quantiles", "Probabilities between 0 and 1, both excluded, with commas between them. 0.1, 0.5 and 0.9 when left out.", "0.1,0.5,0.9")
        .Problems(ProblemKind.InvalidParameter, ProblemKind.BeforeLastEvent, ProblemKind.UnknownStream, ProblemKind.NoActions,
            ProblemKind.TooManyRequests, ProblemKind.Unavailable, ProblemKind.Overloaded));

    private static async Task<Results<Ok<ActionsAnswer>, ProblemHttpResult>> HandleAsync(StreamKey key,
        string? at, string? horizon, string? quantiles, HttpContext http, TenantPlatform platform, ForecastWork work, TimeProvider clock,
        IOptions<ForetellWebOptions> limits, CancellationToken cancellationToken)
    {
        ForecastQuestion question = ForecastParameters.Parse(at, horizon, quantiles, "false", null, limits.Value.MaxQuantiles);
        Forecaster forecaster = platform.Forecaster;
        if (forecaster.Model.Config.Decisions is not { } actions)
        {
            return Problems.Result(ProblemKind.NoActions,
                $"Model {forecaster.Model.Id} was not told which marks are actions: train with 'foretell train --actions ... --reward ...'.");
        }
        return await work.RunAsync<StreamSnapshot?, Results<Ok<ActionsAnswer>, ProblemHttpResult>>(http, forecaster.StepsOfActions,
            async cancellation => await platform.FindAsync(key.Value, cancellation), Answer, cancellationToken);

        Results<Ok<ActionsAnswer>, ProblemHttpResult> Answer(StreamSnapshot? stream, ParallelOptions options)
        {
            if (stream is not { } found)
            {
                return Problems.UnknownStream(key.Value);
            }
            long now = EventTime.FromDateTimeOffset(clock.GetUtcNow());
            Forecast forecast = ForecastReport.ForecastOf(forecaster, found.Stream, found.LastEventTicks, found.Served, question.AtTicks,
                now, out long asked);
            return TypedResults.Ok(ActionsAnswer.Of(found.Stream, asked, question, actions,
                forecaster.Actions(forecast, question.HorizonSeconds, options)));
        }
    }
}

/// <summary>What a stream's actions are expected to bring.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="At">Moment at which each action is taken.</param>
/// <param name="HorizonSeconds">How far the reward counts, seconds after `at`.</param>
/// <param name="Reward">The value that is summed.</param>
/// <param name="Actions">The actions by descending expected reward; behind them those that are not ranked.</param>
public sealed record ActionsAnswer(string Stream, DateTime At, double HorizonSeconds, string Reward, IReadOnlyList<ActionAnswer> Actions)
{
    internal static ActionsAnswer Of(string stream, long atTicks, ForecastQuestion question, DecisionSettings settings,
        IReadOnlyList<ActionReturn> actions) => new(stream, QueryTime.ToUtc(atTicks), question.HorizonSeconds, settings.Reward,
            [.. actions.Select(a => new ActionAnswer(a.Action, a.Share, a.Return is not null,
                a.Return is null ? null : SumAnswer.Of(a.Return, question.Quantiles)))]);
}

/// <summary>One action.</summary>
/// <param name="Action">Its mark.</param>
/// <param name="Share">How often, of all actions, training saw this one taken in such a state, 0 to 1.</param>
/// <param name="IsSupported">False where that is less than one in a hundred: nothing tells what the action brings, and it is not ranked.</param>
/// <param name="Return">What the reward adds up to within the horizon. Null where the action is not supported.</param>
public sealed record ActionAnswer(string Action, double Share, bool IsSupported, SumAnswer? Return);
