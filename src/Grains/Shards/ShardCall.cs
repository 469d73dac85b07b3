using Foretell.Engine;
using Foretell.Grains.Contracts;

namespace Foretell.Grains.Shards;

/// <summary>Waits for a shard's answer, and says in the platform's words why there is none.</summary>
internal static class ShardCall
{
    /// <exception cref="PlatformUnavailableException">The shard cannot answer now.</exception>
    public static async Task<T> AnswerAsync<T>(int partition, Func<Task<T>> question, CancellationToken cancellationToken)
    {
        try
        {
            return await question().WaitAsync(cancellationToken);
        }
        catch (ShardUnavailableException e)
        {
            throw new PlatformUnavailableException(e.Message, e);
        }
        catch (Exception e) when (e is not ArgumentException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever went wrong on the way there and back: Orleans names a dozen kinds, and a silo on its way out a few more.
            throw new PlatformUnavailableException($"Partition {partition} does not answer; it is most likely being moved: {e.Message}", e);
        }
    }
}
