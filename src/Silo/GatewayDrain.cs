using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Foretell.Silo;

/// <summary>Before a gateway's HTTP stops, tells the clients that have kept their connections to give them up.</summary>
/// <remarks>A server that stops closes connections that are idle, and a request that is on its way on one of them is lost: its
/// sender sees a broken connection, not an answer. So for a while every answer says that it is the last one of its connection;
/// whoever sends as often as that goes elsewhere unharmed.</remarks>
internal sealed class GatewayDrain(TimeSpan time) : IHostedLifecycleService
{
    /// <summary>How long it takes at most; a client that sends less than once in it has little to lose.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    /// <summary>Adds it to a host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="shutdownTimeout">How long the whole of its stop may take, of which this is a tenth at most.</param>
    public static void Add(IServiceCollection services, TimeSpan shutdownTimeout) =>
        services.AddHostedService(_ => new GatewayDrain(shutdownTimeout / 10 < s_longest ? shutdownTimeout / 10 : s_longest));

    /// <summary>Marks the answers, from the moment at which the host is told to stop.</summary>
    public static void Use(WebApplication app) => app.Use((context, next) =>
    {
        if (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
        }
        return next(context);
    });

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.Delay(time, cancellationToken);

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
