using System.Collections.Concurrent;

namespace Foretell.Models.Numerics;

/// <summary>Scratch objects for many threads: each is used by one at a time.</summary>
internal sealed class Pool<T>(Func<T> create) where T : class
{
    private readonly ConcurrentBag<T> _free = [];

    /// <summary>An object that the caller alone uses until it returns it; one that is not returned is merely lost.</summary>
    public T Rent() => _free.TryTake(out T? free) ? free : create();

    /// <summary>Gives an object back.</summary>
    public void Return(T item) => _free.Add(item);
}
