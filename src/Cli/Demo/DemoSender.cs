using System.Diagnostics;
using Foretell.Cli.Running;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Simulation;

namespace Foretell.Cli.Demo;

/// <summary>
/// Feeds simulated customers, machines, accounts and desks into a platform: first some recent history as fast as it
/// goes, then live. Keeps the score that the simulator itself would reach on the same events.
/// </summary>
/// <param name="target">Takes the events like any sender's, through the log.</param>
internal sealed class DemoSender(IRunTarget target)
{
    private const int Streams = 3000;
    private const int BatchSize = 4096;

    /// <summary>Long enough that streams show their pace and habits before the first look at the screen.</summary>
    private static readonly TimeSpan s_history = TimeSpan.FromMinutes(20);

    /// <summary>How often due events are sent; a batch then holds a few of them.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    private readonly EventBatch _batch = new();
    private readonly double _logUnit = Math.Log(target.Model.Config.TimeUnitSeconds);
    private TruthTotals _truth;
    private volatile string _phase = "starting";
    private volatile bool _isLive;
    private volatile Scoreboard? _scores;
    private long _latencyTicks = -1;

    /// <summary>What the feed is doing, a few words.</summary>
    public string Phase => _phase;

    /// <summary>True once the history is loaded; before that every stream seems overdue.</summary>
    public bool IsLive => _isLive;

    /// <summary>Scores of platform and truth over the same events, taken when everything sent was applied.</summary>
    public Scoreboard? Scores => _scores;

    /// <summary>Which streams the demo has cut off, so that something becomes overdue.</summary>
    public Unplugging Unplugging { get; } = new(seed: 1);

    /// <summary>How long the latest append took to be durable.</summary>
    public TimeSpan? AppendLatency => Volatile.Read(ref _latencyTicks) is >= 0 and var ticks ? new TimeSpan(ticks) : null;

    /// <summary>Feeds until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset start = DateTimeOffset.UtcNow;
        // A seed of its own for each start: the demo model must not meet the events that it was trained on.
        var simulator = Simulator.Create("demo", Streams, seed: start.UtcTicks, start - s_history);
        await LoadHistoryAsync(simulator, cancellation);

        (_phase, _isLive) = ("live", true);
        using var timer = new PeriodicTimer(s_tick);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            Unplugging.Advance(DateTimeOffset.UtcNow);
            await SendDueAsync(simulator, cancellation);
        }
    }

    private async Task LoadHistoryAsync(Simulator simulator, CancellationToken cancellation)
    {
        long first = simulator.NextTicks;
        while (simulator.NextTicks <= Now())
        {
            double done = (simulator.NextTicks - first) / (double)Math.Max(1, Now() - first);
            _phase = $"loading {s_history.TotalMinutes:0} minutes of history, {100 * done:0} %";
            await SendDueAsync(simulator, cancellation);
        }
    }

    private async Task SendDueAsync(Simulator simulator, CancellationToken cancellation)
    {
        long now = Now();
        _batch.Clear();
        while (_batch.Count < BatchSize && simulator.NextTicks <= now)
        {
            Add(simulator.Next());
        }
        if (_batch.Count == 0)
        {
            return;
        }
        long started = Stopwatch.GetTimestamp();
        AppendReceipt receipt = await target.AppendAsync(_batch, null, cancellation);
        Volatile.Write(ref _latencyTicks, Stopwatch.GetElapsedTime(started).Ticks);

        // Only with nothing on its way do both sums cover the same events.
        PlatformStatus status = await target.StatusAsync(receipt.Position, cancellation);
        _scores = new Scoreboard(status.Scores, _truth);
    }

    private void Add(in SimulatedEvent e)
    {
        if (Unplugging.IsUnplugged(e.Stream))
        {
            return;
        }
        e.AddTo(_batch);
        if (e.Ordinal == 0)
        {
            Unplugging.Candidates.Add(e.Stream);
            return;
        }
        // The truth's density is per second, the platform's per unit of its model.
        _truth = new TruthTotals(_truth.Events + 1, _truth.Time + e.LogDensity + _logUnit, _truth.Mark + e.LogMark);
    }

    private static long Now() => EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
}
