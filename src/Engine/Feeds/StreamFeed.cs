using System.Globalization;
using System.Text;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;

namespace Foretell.Engine.Feeds;

/// <summary>Who listens to which rows of a shard, and what they are told after each event. Its <see cref="Shard"/> guards it.</summary>
internal sealed class StreamFeed
{
    /// <summary>Most changes that wait for one subscriber; each holds a copy of the row.</summary>
    public const int Kept = 64;

    private readonly Dictionary<int, List<FeedBuffer<ForecastChange>>> _byRow = [];
    private readonly Dictionary<string, List<FeedBuffer<ForecastChange>>> _unborn = new(StringComparer.Ordinal);

    // Events of the slice at work whose rows someone listens to. An event is in the wave that its row's events before it leave.
    private readonly List<Admission> _admitted = [];

    /// <summary>Whether anyone listens: all that an event costs when nobody does is this question.</summary>
    public bool Listening { get; private set; }

    /// <summary>Adds a listener to a row, or with row -1 to a stream that is still to have its first event.</summary>
    public void Add(string stream, int row, FeedBuffer<ForecastChange> listener)
    {
        if (row >= 0)
        {
            Add(_byRow, row, listener);
        }
        else
        {
            Add(_unborn, stream, listener);
        }
        Listening = true;
    }

    /// <summary>Removes a listener.</summary>
    public void Remove(string stream, int row, FeedBuffer<ForecastChange> listener)
    {
        Remove(_byRow, row, listener);
        Remove(_unborn, stream, listener);
        Listening = _byRow.Count + _unborn.Count > 0;
    }

    /// <summary>Notes an event that the slice at work will apply. Call it only while someone is <see cref="Listening"/>.</summary>
    public void Admit(Slab slab, int row)
    {
        ref RowHeader header = ref slab.Header(row);
        if (header.Count == 1 && _unborn.Count > 0 && _unborn.Remove(Encoding.UTF8.GetString(slab.Index.Key(row)), out var listeners))
        {
            _byRow.Add(row, listeners);
        }
        if (_byRow.ContainsKey(row))
        {
            int before = _admitted.FindLastIndex(a => a.Row == row);
            _admitted.Add(
                new Admission(row, before < 0 ? 0 : _admitted[before].Wave + 1, header.LastSequence, header.Count, header.LastEventTicks));
        }
    }

    /// <summary>Tells the listeners about the events of a wave that has just been stepped.</summary>
    public void Publish(Slab slab, int partition, int wave)
    {
        foreach (Admission event_ in _admitted)
        {
            if (event_.Wave == wave && _byRow.TryGetValue(event_.Row, out var listeners))
            {
                FeedItem<ForecastChange> item = Item(slab, partition, event_.Row, event_.Sequence, event_.Events, event_.LastEventTicks);
                listeners.ForEach(listener => listener.Post(item));
            }
        }
    }

    /// <summary>Forgets the events of the slice.</summary>
    public void EndSlice() => _admitted.Clear();

    /// <summary>Ends every subscription with this exception.</summary>
    public void End(Exception why)
    {
        foreach (FeedBuffer<ForecastChange> listener in _byRow.Values.Concat(_unborn.Values).SelectMany(l => l))
        {
            listener.End(why);
        }
    }

    /// <summary>Where a row stands, as an item.</summary>
    public static FeedItem<ForecastChange> Now(Slab slab, int partition, int row)
    {
        ref RowHeader header = ref slab.Header(row);
        return Item(slab, partition, row, header.LastSequence, header.Count, header.LastEventTicks);
    }

    private static FeedItem<ForecastChange> Item(Slab slab, int partition, int row, long sequence, long events, long lastTicks)
    {
        string stream = Encoding.UTF8.GetString(slab.Index.Key(row)), id = events.ToString(CultureInfo.InvariantCulture);
        return new(new ForecastChange(stream, partition, sequence, events, lastTicks, slab.ServedRow(row)), 0, id);
    }

    private static void Add<TKey>(Dictionary<TKey, List<FeedBuffer<ForecastChange>>> all, TKey key,
        FeedBuffer<ForecastChange> listener) where TKey : notnull
    {
        if (!all.TryGetValue(key, out var listeners))
        {
            all.Add(key, listeners = []);
        }
        listeners.Add(listener);
    }

    private static void Remove<TKey>(Dictionary<TKey, List<FeedBuffer<ForecastChange>>> all, TKey key,
        FeedBuffer<ForecastChange> listener) where TKey : notnull
    {
        if (all.TryGetValue(key, out var listeners) && listeners.Remove(listener) && listeners.Count == 0)
        {
            all.Remove(key);
        }
    }

    private readonly record struct Admission(int Row, int Wave, long Sequence, long Events, long LastEventTicks);
}
