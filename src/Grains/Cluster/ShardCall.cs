using Foretell.Engine;
using Foretell.Grains.Contracts;

namespace Foretell.Grains.Cluster;

/// <summary>Waits for a shard's answer, and says in the platform's words why there is none.</summary>
internal static class ShardCall
{
    /// <summary>
    /// How long an answer may be on its way that costs the shard no work; polls that wait there for a second are among
    /// them.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>For answers that cost work: as long as the call allows, while the owner shows that it lives.</summary>
    public static readonly TimeSpan WhileAlive = Timeout.InfiniteTimeSpan;

    /// <summary>Asks, unless the owner is known to be silent, and gives up when it is found silent.</summary>
    /// <param name="partition">The shard's partition.</param>
    /// <param name="question">Sends the question.</param>
    /// <param name="silence"><see cref="ShardPulse.Silence"/> of the shard.</param>
    /// <param name="patience"><see cref="Patience"/> or <see cref="WhileAlive"/>.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="PlatformUnavailableException">The shard cannot answer now.</exception>
    public static async Task<T> AnswerAsync<T>(int partition, Func<Task<T>> question, Task silence, TimeSpan patience,
        TimeProvider time, CancellationToken cancellationToken)
    {
        Task<T>? answer = null;
        try
        {
            // A request about many streams would wait for each of them in turn otherwise.
            if (!silence.IsCompleted)
            {
                answer = question();
                await Task.WhenAny(answer, silence).WaitAsync(patience, time, cancellationToken);
                if (answer.IsCompleted)
                {
                    return await answer;
                }
            }
        }
        catch (ShardUnavailableException e)
        {
            throw new PlatformUnavailableException(e.Message, e);
        }
        catch (TimeoutException)
        {
            // Ours or Orleans': either way nobody answered.
        }
        catch (Exception e) when (e is not ArgumentException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever went wrong on the way there and back: Orleans names a dozen kinds, and a silo on its way out a few more.
            throw new PlatformUnavailableException($"Partition {partition} does not answer; it is most likely being moved: {e.Message}", e);
        }
        finally
        {
            if (answer is { IsCompleted: false })
            {
                // Nobody waits for it any more; its failure must not count as overlooked.
                _ = answer.ContinueWith(static t => t.Exception, TaskScheduler.Default);
            }
        }
        throw new PlatformUnavailableException($"Partition {partition} does not answer. "
            + "Its silo is busy or stands still; in the second case another one takes over within seconds.");
    }
}
