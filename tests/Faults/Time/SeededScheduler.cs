using System.Diagnostics;

namespace Foretell.Faults.Time;

/// <summary>Runs everything on one thread: of the pieces of work that are ready, the seed says which comes next.</summary>
/// <remarks>
/// The thread is the thread pool's only one (Faults.csproj). What .NET itself sends to the pool, such as the end of a
/// Task.WhenAny, runs there between two picks, in the order of its sending; so a seed always gives the same run. When nothing is
/// ready the clock moves to its next timer.
/// </remarks>
internal sealed class SeededScheduler(Random random, SimulatedClock clock, long mostSteps = 3_000_000) : TaskScheduler, IThreadPoolWorkItem
{
    private static readonly long s_longestStall = 5 * TimeSpan.TicksPerSecond;

    private readonly List<Task> _ready = [];
    private readonly ManualResetEventSlim _over = new();
    private Task? _main;
    private int _thread;

    /// <summary>Probability that a timer is due before work that is ready: a thread that the system lets wait.</summary>
    public double Stalls { get; set; }

    /// <summary>Picks so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Called with each pick: which of how many.</summary>
    public Action<int, int> Picked { get; set; } = (_, _) => { };

    /// <summary>Why the simulation cannot go on, or null.</summary>
    public string? Stuck { get; private set; }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs a simulation to its end.</summary>
    /// <param name="main">Its work, which starts all other.</param>
    /// <param name="patience">Processor time after which it counts as hanging.</param>
    public Task Run(Func<Task> main, TimeSpan patience)
    {
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            _thread = Environment.CurrentManagedThreadId;
            _main = Task.Factory.StartNew(main, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }, null);
        // A machine that has much else to do may let it wait for a minute; what waits for itself takes no processor at all.
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        while (!_over.Wait(TimeSpan.FromSeconds(1)))
        {
            TimeSpan used = Environment.CpuUsage.TotalTime - before, passed = Stopwatch.GetElapsedTime(started);
            if (used > patience || passed > 10 * patience)
            {
                Stuck = $"It hangs: nothing came to an end within {used.TotalSeconds:F0} s of processor time, {passed.TotalSeconds:F0} s of true time.";
                break;
            }
        }
        return _main!;
    }

    /// <summary>One pick.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_main!.IsCompleted || Stuck is not null)
        {
            _over.Set();
            return;
        }
        if (++Steps > mostSteps)
        {
            Stuck = $"It does not come to an end: {mostSteps} steps, {clock.Ticks / TimeSpan.TicksPerSecond} s of simulated time.";
        }
        clock.Pass(random.Next(1000));
        if (clock.TryFire())
        {
            Picked(-1, _ready.Count);
        }
        else if (_ready.Count > 0 && !Stall())
        {
            int pick = random.Next(_ready.Count);
            Picked(pick, _ready.Count);
            Task task = _ready[pick];
            _ready[pick] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            TryExecuteTask(task);
        }
        else if (ThreadPool.PendingWorkItemCount == 0)
        {
            if (clock.NextDue is { } due)
            {
                clock.MoveTo(due);
            }
            else if (_ready.Count == 0)
            {
                Stuck = "Nothing is ready and no timer is set, but the simulation has not ended: something waits for ever.";
            }
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool Stall() => Stalls > 0 && random.NextDouble() < Stalls && clock.NextDue < clock.Ticks + s_longestStall;

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Stuck ??= $"Work was queued from a second thread:\n{Environment.StackTrace}";
        }
        _ready.Add(task);
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [.. _ready];
}
