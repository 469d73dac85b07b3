using Microsoft.Extensions.Hosting;

namespace Foretell.Silo;

/// <summary>Ends a process whose stop takes longer than it may: the database may be gone, and what waits for it would outlive the
/// patience of whoever stops the silo.</summary>
internal static class BoundedStop
{
    /// <summary>What the process may take beyond the host's own limit.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    /// <summary>Watches from the moment at which the host is told to stop.</summary>
    /// <param name="application">The host's life.</param>
    /// <param name="shutdownTimeout">How long a graceful stop may take.</param>
    public static void Watch(IHostApplicationLifetime application, TimeSpan shutdownTimeout) =>
        application.ApplicationStopping.Register(() => new Thread(() =>
        {
            Thread.Sleep(shutdownTimeout + s_grace);
            Console.Error.WriteLine($"foretell-silo: the silo did not stop within {(shutdownTimeout + s_grace).TotalSeconds:0.#} s, most likely because PostgreSQL does not answer, and ends now. "
                + "Nothing acknowledged is lost: the next owner of its partitions replays the log from their last commit.");
            Environment.Exit(1);
        }) { IsBackground = true, Name = "foretell-stop" }.Start());
}
