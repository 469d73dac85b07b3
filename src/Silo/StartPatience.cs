using Foretell.Engine;

namespace Foretell.Silo;

/// <summary>Waits at the start for what others may still bring: a database, its tables.</summary>
internal static class StartPatience
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Tries until it succeeds, fails for a reason that waiting does not mend, or the limit is over.</summary>
    /// <param name="open">What is tried.</param>
    /// <param name="limit">How long; zero tries once.</param>
    /// <param name="tell">Told why it waits, once for each reason.</param>
    /// <param name="time">Clock.</param>
    /// <exception cref="StorageException">It failed for good, or for so long.</exception>
    public static async Task<T> TryAsync<T>(Func<Task<T>> open, TimeSpan limit, Action<string> tell, TimeProvider time)
    {
        long started = time.GetTimestamp();
        string? told = null;
        while (true)
        {
            try
            {
                return await open();
            }
            catch (StorageException e) when (e.MayPass && time.GetElapsedTime(started) < limit)
            {
                if (e.Message != told)
                {
                    told = e.Message;
                    tell($"Waiting for at most {limit.TotalSeconds:0.#} s (Foretell:StartSeconds): {told}");
                }
                await Task.Delay(s_pause, time);
            }
        }
    }
}
