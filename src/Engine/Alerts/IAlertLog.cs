using Foretell.Engine.Store;

namespace Foretell.Engine.Alerts;

/// <summary>The alerts of all partitions, durable and numbered without gaps, for as long as somebody may come back for them
/// (<see cref="AlertRetention"/>).</summary>
public interface IAlertLog : IAsyncDisposable
{
    /// <summary>Why alerts could not be written or read at the last try, one sentence; null where they could.</summary>
    string? Problem => null;

    /// <summary>Appends the alerts of one partition; each silence is told once, however many owners raise it.</summary>
    /// <param name="partition">Their partition.</param>
    /// <param name="epoch">Epoch of the owner that raised them.</param>
    /// <param name="alerts">The alerts.</param>
    /// <param name="cancellationToken">Gives up waiting; the alerts may be appended all the same.</param>
    /// <returns>Those that were not there yet, by number.</returns>
    /// <exception cref="StaleEpochException">Another owner has the partition; nothing was appended.</exception>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be written now. Repeating is harmless.</exception>
    Task<IReadOnlyList<NumberedAlert>> AppendAsync(int partition, long epoch, IReadOnlyList<Alert> alerts,
        CancellationToken cancellationToken);

    /// <summary>The place of the latest alert.</summary>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be read now.</exception>
    Task<AlertPlace> EndAsync(CancellationToken cancellationToken);

    /// <summary>The alerts behind a number that are still kept, by number.</summary>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be read now.</exception>
    Task<IReadOnlyList<NumberedAlert>> ReadAsync(long after, int limit, CancellationToken cancellationToken);
}

/// <summary>An alert and its number.</summary>
public readonly record struct NumberedAlert(long Number, Alert Alert);
