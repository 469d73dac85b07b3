using System.Globalization;
using Foretell.Engine.Feeds;
using Foretell.Grains.Contracts;

namespace Foretell.Grains.Feeds;

/// <summary>What a reader of a stream's changes hears.</summary>
/// <param name="Pushed">A change that the shard pushed, or null.</param>
/// <param name="Answer">What the shard answered when it was asked, or null.</param>
internal readonly record struct ChangeNews(StreamChange? Pushed, Subscribed? Answer);

/// <summary>Makes a reader's feed of what arrives: in order, each change once, and word of those that are missing.</summary>
/// <remarks>A stream's changes are counted without gaps by its events, whichever owner tells them; so the counts say everything.</remarks>
internal sealed class ChangeSequence
{
    private long _epoch, _events = -1, _owed;

    /// <summary>The items that follow from a piece of news.</summary>
    public IEnumerable<FeedItem<ForecastChange>> Take(ChangeNews news) =>
        news.Answer is { } answer ? Confirm(answer)
        // An owner of the past has nothing to say, even where it does not know that yet (law 3).
        : news.Pushed is { } change && _events >= 0 && change.Epoch >= _epoch ? Advance(change)
        : [];

    private IEnumerable<FeedItem<ForecastChange>> Confirm(Subscribed answer)
    {
        if (answer.Epoch < _epoch)
        {
            return [];
        }
        _epoch = answer.Epoch;
        long stands = answer.Now?.Events ?? 0;
        if (_events < 0)
        {
            _events = stands;
            return answer.Now is { } first ? [Item(first)] : [];
        }
        // What is on its way has time until the next answer; then it is lost.
        bool isLost = _owed > _events;
        _owed = stands;
        return isLost && answer.Now is { } now ? Advance(now) : [];
    }

    private IEnumerable<FeedItem<ForecastChange>> Advance(StreamChange change)
    {
        long missed = change.Events - _events - 1;
        if (missed < 0)
        {
            return [];
        }
        _events = change.Events;
        return missed == 0 ? [Item(change)] : [FeedItem<ForecastChange>.Gap(missed), Item(change)];
    }

    private static FeedItem<ForecastChange> Item(StreamChange change) =>
        new(change.ToForecastChange(), 0, change.Events.ToString(CultureInfo.InvariantCulture));
}
