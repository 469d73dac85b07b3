using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Feeds;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Foretell.Hosting;

namespace Foretell.Grains.Feeds;

/// <summary>The alerts as a reader at this gateway sees them: pushed where that works, and read from the log where a push is
/// missing.</summary>
/// <remarks>The log has the last word, so each alert is told at least once, at any gateway, and however slowly somebody reads.</remarks>
internal sealed class ClusterAlertFeed(SiloEngine engine, FeedInbox inbox, TimeProvider time)
{
    private const int PageSize = 256;

    // How late an alert comes whose push was lost.
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);

    // A database that restarts is out for less. One that is out for longer is a problem to be told.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>As <see cref="IPlatform.AlertsEndAsync"/>.</summary>
    public Task<AlertPlace> EndAsync(CancellationToken cancellationToken) => Log().EndAsync(cancellationToken);

    /// <summary>As <see cref="IPlatform.AlertsAsync"/>.</summary>
    public async Task<IAsyncEnumerable<FeedItem<Alert>>> OpenAsync(string? after, CancellationToken cancellationToken)
    {
        IAlertLog log = Log();
        AlertPlace end = await log.EndAsync(cancellationToken);
        if (after is null)
        {
            return ReadAsync(log, end, isGap: false, default);
        }
        bool isKnown = AlertPlace.TryParse(after, out AlertPlace place) && place.IsIn(end);
        return ReadAsync(log, isKnown ? place : end, isGap: !isKnown, default);
    }

    private IAlertLog Log() => engine.Alerts ?? throw new PlatformUnavailableException("This cluster keeps no alerts.");

    private async IAsyncEnumerable<FeedItem<Alert>> ReadAsync(IAlertLog log, AlertPlace place, bool isGap,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<AlertRow> pushed = inbox.Alerts.Add("");
        try
        {
            if (isGap)
            {
                yield return FeedItem<Alert>.Gap(null);
            }
            while (true)
            {
                IReadOnlyList<NumberedAlert> page = await PageAsync(log, place.Number, cancellationToken);
                foreach (NumberedAlert next in page)
                {
                    if (next.Number > place.Number + 1)
                    {
                        // Numbers have no gaps, so the log does not hold these any more.
                        yield return FeedItem<Alert>.Gap(next.Number - place.Number - 1);
                    }
                    place = place with { Number = next.Number };
                    yield return AlertFeed.Item(next.Alert, place);
                }
                if (page.Count == PageSize)
                {
                    continue;
                }
                long looked = time.GetTimestamp();
                while (time.GetElapsedTime(looked) < s_look
                    && await NextAsync(pushed.Reader, s_look - time.GetElapsedTime(looked), cancellationToken) is { } row)
                {
                    if (row.Number > place.Number + 1)
                    {
                        break;
                    }
                    if (row.Number == place.Number + 1)
                    {
                        place = place with { Number = row.Number };
                        yield return AlertFeed.Item(row.ToNumberedAlert().Alert, place);
                    }
                }
            }
        }
        finally
        {
            inbox.Alerts.Remove("", pushed);
        }
    }

    private async Task<IReadOnlyList<NumberedAlert>> PageAsync(IAlertLog log, long after, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await log.ReadAsync(after, PageSize, cancellationToken);
            }
            catch (PlatformUnavailableException) when (time.GetElapsedTime(began) < s_patience)
            {
                await Task.Delay(s_look, time, cancellationToken);
            }
        }
    }

    /// <summary>The next push, or null when none has come in time.</summary>
    private async Task<AlertRow?> NextAsync(ChannelReader<AlertRow> pushed, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await pushed.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
