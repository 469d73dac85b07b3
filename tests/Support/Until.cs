namespace Foretell.Support;

/// <summary>Waits for what nothing tells of by itself.</summary>
public static class Until
{
    /// <summary>Looks again and again until a condition holds.</summary>
    /// <exception cref="TaskCanceledException">It did not within the limit.</exception>
    public static Task TrueAsync(Func<bool> condition, TimeSpan limit) => TrueAsync(() => Task.FromResult(condition()), limit);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (!await condition())
        {
            await Task.Delay(50, deadline.Token);
        }
    }
}
