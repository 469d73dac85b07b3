using System.Runtime.CompilerServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Log;

namespace Foretell.Engine.Feeds;

/// <summary>The alerts of one process, from its log of alerts: nobody is told one that would not survive a crash.</summary>
/// <remarks>
/// An alert's place is the log's name and a number. Behind a place that is still kept a subscriber goes on without loss, after a restart
/// too, and however slowly it reads; behind any other it is told that alerts are missing.
/// </remarks>
/// <param name="log">Where the alerts are kept.</param>
public sealed class AlertFeed(IAlertLog log)
{
    private const int PageSize = 256;

    // What was appended last, so that a thousand subscribers who are up to date do not each read the log.
    private const int KeptRecent = 1024;

    private readonly SequenceSignal _end = new();
    private NumberedAlert[] _recent = [];

    /// <summary>Appends the alerts of one partition, then wakes every subscriber.</summary>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be written now. Repeating is harmless.</exception>
    public async Task PublishAsync(int partition, long epoch, IReadOnlyList<Alert> alerts)
    {
        IReadOnlyList<NumberedAlert> appended = await log.AppendAsync(partition, epoch, alerts, CancellationToken.None);
        if (appended.Count > 0)
        {
            NumberedAlert[] before = _recent;
            bool goesOn = before.Length > 0 && before[^1].Number + 1 == appended[0].Number;
            Volatile.Write(ref _recent, [.. (goesOn ? before : []).Concat(appended).TakeLast(KeptRecent)]);
            _end.Publish(appended[^1].Number);
        }
    }

    /// <summary>The place of the latest alert.</summary>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be read now.</exception>
    public Task<AlertPlace> EndAsync(CancellationToken cancellationToken) => log.EndAsync(cancellationToken);

    /// <summary>The alerts from now on, or those behind a place; the subscription stands once the task has completed.</summary>
    /// <param name="after">Id of the last item that was read; null to begin now.</param>
    /// <param name="cancellationToken">Gives up opening.</param>
    /// <exception cref="PlatformUnavailableException">The alerts cannot be read now; it also ends the subscription.</exception>
    public async Task<IAsyncEnumerable<FeedItem<Alert>>> OpenAsync(string? after, CancellationToken cancellationToken)
    {
        AlertPlace end = await log.EndAsync(cancellationToken);
        if (after is null)
        {
            return ReadAsync(end, isGap: false, default);
        }
        bool isKnown = AlertPlace.TryParse(after, out AlertPlace place) && place.IsIn(end);
        return ReadAsync(isKnown ? place : end, isGap: !isKnown, default);
    }

    /// <summary>What a subscriber gets of an alert that its log has: word that one is missing where the row was damaged. A feed that threw
    /// there would never come past it.</summary>
    public static FeedItem<Alert> Item(Alert alert, AlertPlace place) =>
        alert.IsPossible ? new FeedItem<Alert>(alert, 0, place.ToString()) : FeedItem<Alert>.Gap(1);

    /// <summary>Ends every subscription, now and later, with this exception.</summary>
    public void End(Exception why) => _end.Fail(why);

    private async IAsyncEnumerable<FeedItem<Alert>> ReadAsync(AlertPlace place, bool isGap,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (isGap)
        {
            yield return FeedItem<Alert>.Gap(null);
        }
        while (true)
        {
            IReadOnlyList<NumberedAlert> page = Recent(place.Number) ?? await log.ReadAsync(place.Number, PageSize, cancellationToken);
            foreach (NumberedAlert next in page)
            {
                if (next.Number > place.Number + 1)
                {
                    // Numbers have no gaps, so the log does not hold these any more.
                    yield return FeedItem<Alert>.Gap(next.Number - place.Number - 1);
                }
                place = place with { Number = next.Number };
                yield return Item(next.Alert, place);
            }
            if (page.Count == 0)
            {
                await _end.WaitAsync(place.Number + 1, cancellationToken);
            }
        }
    }

    /// <summary>The alerts behind a number where all of them are at hand; else null.</summary>
    private ArraySegment<NumberedAlert>? Recent(long after)
    {
        NumberedAlert[] recent = Volatile.Read(ref _recent);
        if (recent.Length == 0 || after + 1 < recent[0].Number || after >= recent[^1].Number)
        {
            return null;
        }
        int first = (int)(after + 1 - recent[0].Number);
        return new ArraySegment<NumberedAlert>(recent, first, Math.Min(PageSize, recent.Length - first));
    }
}
