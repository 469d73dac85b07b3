using System.Collections.Concurrent;

namespace Foretell.Engine;

/// <summary>A fixed number of threads that run asynchronous loops, those of shards or a log's writer, and work that waits for a disk; an
/// idle thread takes whatever is ready next.</summary>
/// <remarks>
/// Threads of their own rather than the pool's: steps keep a core busy, a disk's syncs keep a thread waiting, and the pool must
/// stay free for requests. With nothing to do every loop awaits, and the threads block on the empty queue. Where a simulation
/// runs everything on one thread (<see cref="Background.Scheduler"/>), the loops run there.
/// </remarks>
public sealed class WorkerThreads : TaskScheduler, IDisposable
{
    [ThreadStatic]
    private static WorkerThreads? s_owner;

    private readonly BlockingCollection<Task> _ready = [];
    private readonly Thread[] _threads;
    private readonly TaskScheduler _scheduler;

    /// <param name="count">Threads, 1 or more.</param>
    /// <param name="name">What the threads are for, as tools show them.</param>
    public WorkerThreads(int count, string name = "foretell-worker")
    {
        bool isSimulated = Background.Scheduler != Default;
        _scheduler = isSimulated ? Background.Scheduler : this;
        _threads = new Thread[isSimulated ? 0 : count];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { Name = $"{name}-{i}", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => Math.Max(1, _threads.Length);

    /// <summary>Runs an asynchronous loop on these threads, its continuations included.</summary>
    public Task Run(Func<Task> loop) =>
        Task.Factory.StartNew(loop, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler).Unwrap();

    /// <summary>Runs one piece of work on these threads.</summary>
    public Task Run(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    /// <summary>Runs one piece of work on these threads and gives what it made.</summary>
    public Task<T> Run<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

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
