namespace Foretell.Hosting;

/// <summary>Work that outlives the call that began it.</summary>
public static class Background
{
    /// <summary>Runs work on the thread pool without the trace and the request context of whoever happened to start it.</summary>
    public static Task Run(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(work);
        }
    }

    /// <summary>Waits for the end of work, however it ends.</summary>
    public static async Task EndedAsync(Task work) =>
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
