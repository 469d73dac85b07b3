namespace Foretell.Ingest.Files;

/// <summary>Reads a sequence on a thread of its own, so that a signal need not wait: sorting takes a while, and a pipe may never give
/// more.</summary>
public sealed class InterruptibleReader<T>(IEnumerable<T> source) : IDisposable
{
    private readonly IEnumerator<T> _items = source.GetEnumerator();
    private Task _moving = Task.CompletedTask;

    /// <summary>The item at which it stands.</summary>
    public T Current => _items.Current;

    /// <summary>Moves to the next item, at first to the first; to be awaited before it is asked for again.</summary>
    /// <returns>False at the end.</returns>
    public async Task<bool> MoveNextAsync(CancellationToken cancellation)
    {
        Task<bool> moving = Task.Run(_items.MoveNext, CancellationToken.None);
        _moving = moving;
        return await moving.WaitAsync(cancellation);
    }

    /// <summary>Closes the source, once what a signal left at work there has come to rest.</summary>
    public void Dispose() => _ = CloseAsync();

    private async Task CloseAsync()
    {
        await _moving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _items.Dispose();
    }
}
