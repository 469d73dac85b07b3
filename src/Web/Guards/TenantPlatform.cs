using System.Runtime.CompilerServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Web.Guards;

/// <summary>The platform as one client may see it: as if its tenant's streams were all that there are. Every endpoint that tells of
/// streams, or takes their events, has its platform here; the whole one is for those that only an operator may ask.</summary>
/// <param name="platform">The whole platform.</param>
/// <param name="tenant">The client's.</param>
internal sealed class TenantPlatform(IPlatform platform, Tenant tenant)
{
    /// <summary>Dead letters that are looked through for one tenant's, at most.</summary>
    public const int MostDeadLetters = 4096;

    private const string Unreadable = "unreadable";

    /// <inheritdoc cref="IPlatform.Forecaster"/>
    public Forecaster Forecaster => platform.Forecaster;

    /// <summary>The platform of a request's client.</summary>
    public static TenantPlatform Of(HttpContext http) =>
        new(http.RequestServices.GetRequiredService<IPlatform>(), Tenant.Of(http));

    /// <summary>Binds a parameter of an endpoint.</summary>
    public static ValueTask<TenantPlatform> BindAsync(HttpContext http) => ValueTask.FromResult(Of(http));

    /// <summary>Has a batch take events of the tenant's streams only; the others are refused with a sentence, one by one.</summary>
    public void Restrict(EventBatch batch) => batch.StreamPrefix = tenant.Prefix ?? "";

    /// <inheritdoc cref="IPlatform.AppendAsync"/>
    /// <remarks>An idempotency key is the tenant's own: another's is neither met nor told of. A client cannot write the line break that
    /// stands behind the prefix.</remarks>
    public async Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        if (tenant.IsEverybody || request is null)
        {
            return await platform.AppendAsync(batch, request, cancellationToken);
        }
        try
        {
            return await platform.AppendAsync(batch, request with { Key = $"{tenant.Prefix}\n{request.Key}" }, cancellationToken);
        }
        catch (IdempotencyConflictException)
        {
            throw Idempotency.Conflict(request.Key);
        }
    }

    /// <inheritdoc cref="IPlatform.WaitAppliedAsync"/>
    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        try
        {
            await platform.WaitAppliedAsync(position, cancellationToken);
        }
        catch (ArgumentException) when (!tenant.IsEverybody)
        {
            // Where a partition ends is everybody's doing.
            throw new ArgumentException($"Position {position} names records that this log does not have.");
        }
    }

    /// <summary>How many records wait to be applied; null for a tenant, who has only some of them.</summary>
    public long? LagEvents() => tenant.IsEverybody ? platform.Status().LagEvents : null;

    /// <inheritdoc cref="IPlatform.FindAsync"/>
    /// <remarks>Another's stream is not looked for, so that it takes no longer or shorter than one that nobody has.</remarks>
    public ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken) =>
        tenant.Owns(stream) ? platform.FindAsync(stream, cancellationToken) : ValueTask.FromResult<StreamSnapshot?>(null);

    /// <inheritdoc cref="IPlatform.OverdueAsync"/>
    public async Task<IReadOnlyList<OverdueStream>> OverdueAsync(OverdueQuestion question, CancellationToken cancellationToken) =>
        tenant.Narrow(question.Prefix) is { } prefix
            ? await platform.OverdueAsync(question with { Prefix = prefix }, cancellationToken)
            : [];

    /// <summary>Dead letters, newest first by append time; a tenant's among the newest <see cref="MostDeadLetters"/> of all.</summary>
    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        for (int asked = limit; ; asked = Math.Min(asked * 4, MostDeadLetters))
        {
            IReadOnlyList<DeadLetter> all = await platform.DeadLettersAsync(asked, cancellationToken);
            if (tenant.IsEverybody)
            {
                return all;
            }
            // What a source could not read has the source's name in place of a stream's key, and is nobody's but the operator's.
            DeadLetter[] own = [.. all.Where(l => l.Reason != Unreadable && tenant.Owns(l.Stream)).Take(limit)];
            if (own.Length == limit || all.Count < asked || asked >= MostDeadLetters)
            {
                return own;
            }
        }
    }

    /// <inheritdoc cref="IPlatform.SubscribeAsync"/>
    public IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken) =>
        tenant.Owns(stream) ? platform.SubscribeAsync(stream, cancellationToken) : AsyncEnumerable.Empty<FeedItem<ForecastChange>>();

    /// <inheritdoc cref="IPlatform.AlertsAsync"/>
    /// <remarks>A tenant is told where alerts are missing, and never how many: they may all be others'.</remarks>
    public async Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FeedItem<Alert>> all = await platform.AlertsAsync(after, cancellationToken);
        return tenant.IsEverybody ? all : OwnAsync(all);
    }

    private async IAsyncEnumerable<FeedItem<Alert>> OwnAsync(
        IAsyncEnumerable<FeedItem<Alert>> all, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (FeedItem<Alert> item in all.WithCancellation(cancellationToken))
        {
            if (item.Value is null)
            {
                yield return FeedItem<Alert>.Gap(null);
            }
            else if (tenant.Owns(item.Value.Stream))
            {
                yield return item;
            }
        }
    }
}
