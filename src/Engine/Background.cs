namespace Foretell.Engine;

/// <summary>Work beside the caller, on the thread pool. The one place that starts such work, so that none of it drags a caller's
/// trace along.</summary>
public static class Background
{
    /// <summary>Runs a loop without the trace and the context of whoever happened to start it.</summary>
    public static Task Run(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
        {
#pragma warning disable RS0030 // This is the place.
            return Task.Run(work);
#pragma warning restore RS0030
        }
    }

    /// <summary>Runs work that its caller waits for, in the caller's trace, where the caller's thread is needed for other things.</summary>
#pragma warning disable RS0030 // As above.
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) => Task.Run(work, cancellationToken);
#pragma warning restore RS0030

    /// <summary>Waits for the end of work, however it ends.</summary>
    public static async Task EndedAsync(Task work) =>
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
