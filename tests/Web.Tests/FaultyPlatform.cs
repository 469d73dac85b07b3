using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Web.Tests;

/// <summary>A real platform with faults put in: an append or query that fails, a position never reached, a status that is not
/// well.</summary>
internal sealed class FaultyPlatform(IPlatform inner) : IPlatform
{
    public Action OnAppend { get; init; } = () => { };

    /// <summary>Appends wait for this before they are begun.</summary>
    public Task Appended { get; init; } = Task.CompletedTask;

    /// <summary>Questions to the store wait for this.</summary>
    public Task Stored { get; init; } = Task.CompletedTask;

    public Action OnFind { get; init; } = () => { };

    /// <summary>What the feed of alerts delivers instead.</summary>
    public Func<IAsyncEnumerable<FeedItem<Alert>>>? OnAlerts { get; init; }

    /// <summary>Positions wait for this before they are reached.</summary>
    public Task Applied { get; init; } = Task.CompletedTask;

    public Func<PlatformStatus, PlatformStatus> OnStatus { get; set; } = status => status;

    public Func<HostHealth, HostHealth> OnHealth { get; set; } = health => health;

    public ForecastModel Model => inner.Model;

    public Forecaster Forecaster => inner.Forecaster;

    public int PartitionCount => inner.PartitionCount;

    public async Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        OnAppend();
        await Appended.WaitAsync(cancellationToken);
        return await inner.AppendAsync(batch, request, cancellationToken);
    }

    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        await Applied.WaitAsync(cancellationToken);
        await inner.WaitAppliedAsync(position, cancellationToken);
    }

    public ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken)
    {
        OnFind();
        return inner.FindAsync(stream, cancellationToken);
    }

    public Task<IReadOnlyList<OverdueStream>> OverdueAsync(OverdueQuestion question, CancellationToken cancellationToken) =>
        inner.OverdueAsync(question, cancellationToken);

    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        await Stored.WaitAsync(cancellationToken);
        return await inner.DeadLettersAsync(limit, cancellationToken);
    }

    public IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken) =>
        inner.SubscribeAsync(stream, cancellationToken);

    public Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken) =>
        OnAlerts is null ? inner.AlertsAsync(after, cancellationToken) : Task.FromResult(OnAlerts());

    public Task<AlertPlace> AlertsEndAsync(CancellationToken cancellationToken) => inner.AlertsEndAsync(cancellationToken);

    public Task<Calibration> CalibrationAsync(CancellationToken cancellationToken)
    {
        OnFind();
        return inner.CalibrationAsync(cancellationToken);
    }

    public PlatformStatus Status() => OnStatus(inner.Status());

    public HostHealth Health() => OnHealth(inner.Health());
}
