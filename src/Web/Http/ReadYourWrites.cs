using Foretell.Engine.Events;
using Foretell.Web.Guards;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Http;

/// <summary>Read your writes: <c>after=token</c> holds a query back until the position of an earlier append is applied.</summary>
internal sealed class ReadYourWrites(IOptions<ForetellWebOptions> options, TimeProvider clock) : IEndpointFilter
{
    /// <summary>Gives an endpoint the parameter <c>after</c>.</summary>
    public static RouteHandlerBuilder Add(RouteHandlerBuilder endpoint) => endpoint
        .AddEndpointFilter<RouteHandlerBuilder, ReadYourWrites>()
        .Parameter("after",
            "Position token of an earlier `POST /v1/events` (`0-1042_3-77`): answer once the events up to there are applied.")
        .Problems(ProblemKind.InvalidParameter, ProblemKind.PositionNotReached, ProblemKind.Unavailable);

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.Request.Query.TryGetValue("after", out var token))
        {
            await WaitAsync(TenantPlatform.Of(context.HttpContext), token.ToString(), context.HttpContext.RequestAborted);
        }
        return await next(context);
    }

    private async Task WaitAsync(TenantPlatform platform, string token, CancellationToken aborted)
    {
        if (!Position.TryParse(token, out Position position))
        {
            throw RequestException.Parameters("after",
                $"'{token}' is no position token. Use the 'position' of an answer to POST /v1/events, as it is.");
        }
        TimeSpan limit = options.Value.AfterTimeout;
        using var timeout = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted);
        try
        {
            await platform.WaitAppliedAsync(position, either.Token);
        }
        catch (ArgumentException e)
        {
            throw RequestException.Parameters("after",
                $"{e.Message} Use the 'position' that this platform answered to POST /v1/events.");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new RequestException(ProblemKind.PositionNotReached,
                $"Position {token} was not applied within {limit.TotalSeconds:0.###} s"
                + (platform.LagEvents() is { } lag ? $"; {lag} records wait. " : ". ")
                + "The events are safe: ask again, or leave out 'after' to see the state as it stands.");
        }
    }
}
