using System.Globalization;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Web.Forecasts;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Foretell.Web.Streams;

/// <summary><c>GET /v1/overdue</c>: the streams whose silence is least likely.</summary>
internal static class GetOverdue
{
    private const int DefaultLimit = 20;
    private const double MostPlainSeconds = 1e8;

    public static void Map(IEndpointRouteBuilder routes) => ReadYourWrites.Add(routes
        .MapGet("/v1/overdue", HandleAsync)
        .WithName("GetOverdue").WithTags("Streams")
        .WithSummary("The streams most overdue")
        .WithDescription("The streams whose silence up to `at` is least likely under their own forecasts, least likely first. Where the model tells who is gone for good, those that come back with a probability below 0.01 are left out.")
        .LimitParameter(DefaultLimit).AtParameter()
        .Parameter("prefix", "Only streams whose key begins like this.")
        .Parameter("newerThan", "Only streams whose last event is newer: so long before `at` (`7d`, `1h30m`, `PT1H`, seconds), or a time (RFC 3339, or Unix seconds above 100,000,000).")
        .Parameter("gone", "True names streams, too, that are gone for good with a probability of 0.99 or more.", false, type: JsonSchemaType.Boolean)
        .Problems(ProblemKind.InvalidParameter, ProblemKind.Unavailable));

    private static async Task<Ok<OverdueAnswer>> HandleAsync(string? limit, string? at,
        string? prefix, string? newerThan, string? gone,
        TenantPlatform platform, TimeProvider clock, IOptions<ForetellWebOptions> options, CancellationToken cancellationToken)
    {
        int rows = Limit.Parse(limit, DefaultLimit, options.Value.MaxLimit);
        long ticks = ForecastParameters.ParseAt(at) ?? EventTime.FromDateTimeOffset(clock.GetUtcNow());
        var question = new OverdueQuestion(ticks, rows)
        {
            Prefix = prefix ?? "",
            NewerThanTicks = ParseNewerThan(newerThan, ticks),
            WithGone = Flag.Parse("gone", gone, fallback: false),
        };
        var streams = await platform.OverdueAsync(question, cancellationToken);
        return TypedResults.Ok(new OverdueAnswer(QueryTime.ToUtc(ticks), [.. streams.Select(s => new OverdueItem(
            s.Stream, QueryTime.ToUtc(s.LastEventTicks), s.SilenceSeconds,
            Math.Exp(s.LogSurvival), ForecastAnswer.Finite(s.LogSurvival)))]));
    }

    /// <summary>A duration back from a moment, or a time; the two share plain numbers, and no duration that is meant has three
    /// years.</summary>
    private static long ParseNewerThan(string? text, long atTicks)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return long.MinValue;
        }
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
        if (DurationText.TryParse(text, out double seconds) && seconds >= 0 && !(isNumber && number > MostPlainSeconds))
        {
            return atTicks - (long)Math.Min(seconds * EventTime.PerSecond, atTicks - (double)EventTime.Min);
        }
        return isNumber || (text.Length > 4 && char.IsAsciiDigit(text[0]) && text[4] == '-')
            ? QueryTime.Parse("newerThan", text)
            : throw RequestException.Parameters("newerThan",
                $"'newerThan' must be {DurationText.Expected}, or an RFC 3339 time (2026-01-31T12:00:00Z); got '{text}'.");
    }
}

/// <summary>The streams most overdue at one moment.</summary>
/// <param name="At">The moment.</param>
/// <param name="Streams">Least likely silence first.</param>
public sealed record OverdueAnswer(DateTime At, IReadOnlyList<OverdueItem> Streams);

/// <summary>A stream that has been silent for unusually long.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="LastEventTime">Time of its latest event.</param>
/// <param name="SilenceSeconds">Seconds since then.</param>
/// <param name="Survival">Probability that nothing would have come by now, given that a next event comes at all.</param>
/// <param name="LogSurvival">Its natural logarithm. Null when too small for a double.</param>
public sealed record OverdueItem(
    string Stream, DateTime LastEventTime, double SilenceSeconds, double Survival, double? LogSurvival);
