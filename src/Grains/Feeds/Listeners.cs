using System.Threading.Channels;

namespace Foretell.Grains.Feeds;

/// <summary>Who listens at this gateway, by what they listen to. A listener that is slow loses the oldest items; nobody waits for
/// it.</summary>
internal sealed class Listeners<T>
{
    // More than comes between two looks at it. What a listener loses here it notices by the numbers of what follows.
    private const int Capacity = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Channel<T>>> _byKey = new(StringComparer.Ordinal);

    /// <summary>Items for a key from now on, until <see cref="Remove"/>.</summary>
    public Channel<T> Add(string key)
    {
        var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out List<Channel<T>>? listeners))
            {
                _byKey.Add(key, listeners = []);
            }
            listeners.Add(channel);
        }
        return channel;
    }

    /// <summary>Ends a listener.</summary>
    public void Remove(string key, Channel<T> listener)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out List<Channel<T>>? listeners) && listeners.Remove(listener) && listeners.Count == 0)
            {
                _byKey.Remove(key);
            }
        }
    }

    /// <summary>Hands an item to the listeners of its key.</summary>
    public void Post(string key, T item)
    {
        lock (_gate)
        {
            _byKey.GetValueOrDefault(key)?.ForEach(listener => listener.Writer.TryWrite(item));
        }
    }
}
