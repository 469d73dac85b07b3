namespace Foretell.Grains.Cluster;

/// <summary>Whether the owner of one shard answers at all: this silo asks for its status all the time.</summary>
/// <remarks>
/// A silo that stands still keeps its connections, so what is sent to it is neither answered nor refused. Time alone
/// does not tell it from one that works on a long answer; a status does, since a shard tells it beside everything else.
/// </remarks>
internal sealed class ShardPulse(TimeProvider time)
{
    /// <summary>
    /// How long a status may be on its way: more than a busy machine takes, and with the half second between two
    /// questions less than <see cref="ShardCall.Patience"/>.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1250);

    private readonly Lock _gate = new();
    private TaskCompletionSource _silence = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the owner is found silent. A new task takes its place once it speaks or is gone.</summary>
    public Task Silence
    {
        get
        {
            lock (_gate)
            {
                return _silence.Task;
            }
        }
    }

    /// <summary>Asks for a sign of life, and waits for it as long as the owner is not found silent.</summary>
    /// <param name="question">
    /// Asks; a <see cref="TimeoutException"/> is no sign of life. Its answer counts also when it is late.
    /// </param>
    public async Task AskAsync(Func<Task> question)
    {
        bool isOver = false;
        await HearAsync().WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (!isOver)
            {
                _silence.TrySetResult();
            }
        }

        async Task HearAsync()
        {
            try
            {
                await question();
            }
            catch (TimeoutException)
            {
                return;
            }
            catch (Exception)
            {
                // Its silo is gone, and whoever asks from now on may find the next owner.
            }
            lock (_gate)
            {
                isOver = true;
                if (_silence.Task.IsCompleted)
                {
                    _silence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }
}
