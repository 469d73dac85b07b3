namespace Foretell.Engine;

/// <summary>Work beside the caller, on the thread pool. The one place that starts such work, so that none of it drags a caller's
/// trace along.</summary>
public static class Background
{
    /// <summary>Where such work runs: the thread pool, or the one thread of a simulation (tests/Faults), which sets it before
    /// anything else of the process begins.</summary>
    internal static TaskScheduler Scheduler { get; set; } = TaskScheduler.Default;

    /// <summary>Runs a loop without the trace and the context of whoever happened to start it.</summary>
    public static Task Run(Func<Task> work)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();
        }
    }

    /// <summary>Runs work that its caller waits for, in the caller's trace, where the caller's thread is needed for other things.</summary>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, Scheduler);

    /// <summary>Waits for the end of work, however it ends.</summary>
    public static async Task EndedAsync(Task work) =>
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
