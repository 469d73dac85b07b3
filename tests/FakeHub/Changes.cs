namespace Foretell.FakeHub;

/// <summary>Tells those who wait that something is not as it was, so that they look again.</summary>
internal sealed class Changes
{
    private TaskCompletionSource? _next;

    /// <summary>Something changed. Costs next to nothing while nobody waits.</summary>
    public void Tell() => Interlocked.Exchange(ref _next, null)?.TrySetResult();

    /// <param name="text">The condition as its caller wrote it, for the error.</param>
    /// <exception cref="TimeoutException">The condition did not hold within the limit.</exception>
    public async Task UntilAsync(Func<bool> condition, TimeSpan limit, string? text)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (true)
        {
            // Take the signal before looking: what changes in between is then not missed.
            Task next = Next();
            if (condition())
            {
                return;
            }
            await next.WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (deadline.IsCancellationRequested && !condition())
            {
                throw new TimeoutException($"'{text}' did not come true within {limit.TotalSeconds:0.###} s.");
            }
        }
    }

    private Task Next()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _next, mine, null) ?? mine).Task;
    }
}
