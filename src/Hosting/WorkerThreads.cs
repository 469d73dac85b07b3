using System.Collections.Concurrent;

namespace Foretell.Hosting;

/// <summary>A fixed number of threads that run the shards' loops; an idle thread takes whichever shard is ready next.</summary>
/// <remarks>
/// Threads of their own rather than the pool's: steps keep a core busy, and the pool must stay free for requests.
/// With nothing to read every loop awaits the log, and the threads block on the empty queue.
/// </remarks>
public sealed class WorkerThreads : TaskScheduler, IDisposable
{
    [ThreadStatic]
    private static WorkerThreads? s_owner;

    private readonly BlockingCollection<Task> _ready = [];
    private readonly Thread[] _threads;

    /// <param name="count">Threads, 1 or more.</param>
    public WorkerThreads(int count)
    {
        _threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            _threads[i] = new Thread(Work) { Name = $"foretell-worker-{i}", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => _threads.Length;

    /// <summary>Runs an asynchronous loop on these threads, its continuations included.</summary>
    public Task Run(Func<Task> loop) =>
        Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Runs one piece of work on these threads.</summary>
    public Task Run(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    /// <summary>Ends the threads; call it once every loop has ended.</summary>
    public void Dispose()
    {
        _ready.CompleteAdding();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
        _ready.Dispose();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _ready.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        s_owner == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _ready.ToArray();

    private void Work()
    {
        s_owner = this;
        foreach (Task task in _ready.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
