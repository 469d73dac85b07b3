using System.Text.Json.Serialization;
using Foretell.Engine.Events;
using Foretell.Hosting;
using Foretell.Web.Admission;
using Foretell.Web.Events;
using Foretell.Web.Feeds;
using Foretell.Web.Forecasts;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Foretell.Web.Observability;
using Foretell.Web.OpenApi;
using Foretell.Web.Status;
using Foretell.Web.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;

namespace Foretell.Web;

/// <summary>The HTTP face of a platform. A host registers its <see cref="IPlatform"/>, then calls these two.</summary>
/// <example>
/// <code>
/// var builder = WebApplication.CreateSlimBuilder(args);
/// builder.Services.AddSingleton&lt;IPlatform&gt;(platform);
/// builder.AddForetell();
/// var app = builder.Build();
/// app.MapForetell();
/// await app.RunAsync();
/// </code>
/// </example>
public static class ForetellWeb
{
    /// <summary>Registers what the API needs beside an <see cref="IPlatform"/>: JSON, problem details, OpenAPI, telemetry export.</summary>
    /// <param name="builder">The host's builder. A registered <see cref="TimeProvider"/> is used, else the system's.</param>
    /// <param name="configure">Changes the API's limits; null keeps the defaults.</param>
    /// <param name="guards">Who may use the API; null for everybody who can reach it.</param>
    /// <exception cref="InvalidDataException">A file that <paramref name="guards"/> names cannot be used.</exception>
    public static WebApplicationBuilder AddForetell(
        this WebApplicationBuilder builder, Action<ForetellWebOptions>? configure = null, GuardOptions? guards = null)
    {
        IServiceCollection services = builder.Services;
        services.Configure(configure ?? (_ => { }));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ObjectPool<EventBatch>>(new DefaultObjectPool<EventBatch>(new EventBatchPolicy()));
        services.AddSingleton<BodyMemory>();
        services.AddSingleton<ForecastWork>();
        services.AddSingleton<ServerSentFeed>();
        services.AddSingleton<RenderedForecasts>();
        ServerLimits.Add(services);
        RequestDeadline.Add(services);
        UnpackedBody.Add(services);
        services.AddProblemDetails(o => o.CustomizeProblemDetails = Problems.Customize);
        services.AddExceptionHandler<Problems>();
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, WebJson.Default);
            // Numbers are numbers: the web default would also read "0.5", and the OpenAPI document would say so everywhere.
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        // A body or parameter that does not bind becomes an exception, so that Problems words it like every other mistake.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.AddGuards(guards ?? new GuardOptions());
        ApiDocument.Add(services);
        TelemetryExport.Add(builder);
        return builder;
    }

    /// <summary>Adds the middleware and every endpoint, the OpenAPI document (/openapi/v1.json) and the API explorer (/docs).</summary>
    public static WebApplication MapForetell(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        ApiDocument.UseExplorer(app);
        app.UseGuards();
        app.UseRequestTimeouts();
        app.Use(BoundBody.GuardAsync);
        app.UseRequestDecompression();

        long maxBodyBytes = app.Services.GetRequiredService<IOptions<ForetellWebOptions>>().Value.MaxBodyBytes;
        RouteGroupBuilder api = app.MapGroup("").WithMetadata(new RequestSizeLimitAttribute(maxBodyBytes))
            .AddEndpointFilter<RouteGroupBuilder, KnownParameters>();
        RouteGroupBuilder write = Guarded(api, Scope.Write);
        PostEvents.Map(write);
        RouteGroupBuilder read = Guarded(api, Scope.Read);
        GetStream.Map(read);
        GetForecast.Map(read);
        GetActions.Map(read);
        PostForecasts.Map(read, maxBodyBytes);
        GetStreamEvents.Map(read);
        GetOverdue.Map(read);
        GetAlertEvents.Map(read);
        GetDeadLetters.Map(read);
        RouteGroupBuilder operate = Guarded(api, Scope.Operate);
        GetModel.Map(operate);
        GetCalibration.Map(operate);
        GetStatus.Map(operate);
        Health.Map(app);
        ApiDocument.Map(app);
        return app;
    }

    /// <summary>Endpoints for clients with a scope.</summary>
    private static RouteGroupBuilder Guarded(RouteGroupBuilder api, string scope)
    {
        RouteGroupBuilder guarded = api.MapGroup("").Needs(scope);
        ProblemKind[] refusals = [ProblemKind.Unauthenticated, ProblemKind.Forbidden, ProblemKind.TooManyRequests];
        foreach (ProblemKind kind in refusals)
        {
            guarded.WithMetadata(new ProblemNote(kind)).ProducesProblem(kind.Status);
        }
        return guarded;
    }

    /// <summary>Adds only the health endpoints, for a process that serves no API.</summary>
    public static WebApplication MapForetellHealth(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseGuards();
        Health.Map(app);
        return app;
    }

    /// <summary>Batches are reused, except very large ones, which would hold on to their memory.</summary>
    private sealed class EventBatchPolicy : PooledObjectPolicy<EventBatch>
    {
        private const int MaxKeptBytes = 1024 * 1024;

        public override EventBatch Create() => new();

        public override bool Return(EventBatch batch)
        {
            bool keep = batch.Records.Length <= MaxKeptBytes;
            batch.Clear();
            return keep;
        }
    }
}
