namespace Foretell.Support;

/// <summary>Waits for what nothing tells of by itself.</summary>
public static class Until
{
    /// <summary>Looks again and again until a condition holds.</summary>
    /// <exception cref="TaskCanceledException">It did not within the limit.</exception>
    public static async Task TrueAsync(Func<bool> condition, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (!condition())
        {
            await Task.Delay(50, deadline.Token);
        }
    }
}
