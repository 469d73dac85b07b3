using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Models.Forecasting;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;

namespace Foretell.Hosting;

/// <summary>
/// What the HTTP API and the command line see of a running platform, be it one process
/// (<see cref="EmbeddedPlatform"/>) or a cluster.
/// </summary>
public interface IPlatform
{
    /// <summary>The model that advances every stream.</summary>
    ForecastModel Model { get; }

    /// <summary>Forecasts from the streams' rows, by the model that advances them.</summary>
    Forecaster Forecaster { get; }

    /// <summary>Partitions of the log; fixed when the log was created.</summary>
    int PartitionCount { get; }

    /// <summary>Appends events to the log and returns once they are durable (law 1).</summary>
    /// <param name="batch">Events; an empty batch is allowed. Copied before the call returns its task.</param>
    /// <param name="request">The request's idempotency key with what a repeat is answered, or null.</param>
    /// <param name="cancellationToken">Gives up waiting; the events may be appended all the same.</param>
    /// <exception cref="IdempotencyConflictException">The key was used before with another body.</exception>
    /// <exception cref="PlatformUnavailableException">The log cannot take writes now; the caller may retry.</exception>
    Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken);

    /// <summary>Waits until every event up to <paramref name="position"/> is applied to its stream's state.</summary>
    /// <exception cref="ArgumentException">The position names a partition or sequence number that this log does not have.</exception>
    Task WaitAppliedAsync(Position position, CancellationToken cancellationToken);

    /// <summary>A consistent copy of one stream's state, or null when the stream has no applied event.</summary>
    /// <exception cref="PlatformUnavailableException">The owner of the stream's partition is not serving.</exception>
    ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken);

    /// <summary>Of the streams asked for those whose silence is least likely, least likely first.</summary>
    Task<IReadOnlyList<OverdueStream>> OverdueAsync(OverdueQuestion question, CancellationToken cancellationToken);

    /// <summary>Dead letters, newest first by append time.</summary>
    Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Where a stream stands now, if it has had an event, and from then on after each of its events.</summary>
    /// <remarks>The subscription stands once the first item is asked for. A reader that falls behind is told how many it missed.</remarks>
    /// <exception cref="PlatformUnavailableException">The owner of the stream's partition is not serving, or stopped while the
    /// subscription stood.</exception>
    IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken);

    /// <summary>The alerts of all streams, at least once each, from now on or behind one that was read before.</summary>
    /// <param name="after">Id of the last item that was read, or null; where it is not known any more the first item says that
    /// some are missing.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    /// <remarks>The subscription stands once the task has completed and the first item is asked for.</remarks>
    /// <exception cref="PlatformUnavailableException">The feed cannot be served now, or cannot go on.</exception>
    Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken);

    /// <summary>The place of the latest alert; its feed's name stays the same for as long as the platform's data does.</summary>
    /// <exception cref="PlatformUnavailableException">The feed cannot be served now.</exception>
    Task<AlertPlace> AlertsEndAsync(CancellationToken cancellationToken);

    /// <summary>How well the model's probabilities came true over all streams, since it began to advance them.</summary>
    /// <exception cref="PlatformUnavailableException">A partition is not served now.</exception>
    Task<Calibration> CalibrationAsync(CancellationToken cancellationToken);

    /// <summary>Counts and scores now; cheap enough to ask several times a second.</summary>
    PlatformStatus Status();

    /// <summary>Whether this process can do its part; in a cluster that of its roles, whatever becomes of other silos.</summary>
    HostHealth Health();
}
