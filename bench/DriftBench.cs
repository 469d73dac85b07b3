using Foretell.Ingest.Simulation;
using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Stores.Postgres;

namespace Foretell.Bench;

/// <summary>Drift alarms of the built-in model on simulated streams that do not change, and on streams whose rate doubles.</summary>
internal static class DriftBench
{
    private const long Seed = 71;
    private const int Streams = 500, Slice = 256, BeforeEvents = 3000, AfterEvents = 2000;
    private const long StationaryEvents = 3_400_000;
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Task RunAsync()
    {
        var model = ForecastModel.Load(Path.Combine(AppContext.BaseDirectory, "Models", "demo.safetensors"));
        foreach (bool adapts in new[] { false, true })
        {
            Console.WriteLine(adapts ? "adapting:" : "as trained:");
            // The daily kind is not here: its rate does change, every day.
            foreach (string kind in new[] { "renewal", "self-correcting", "hawkes" })
            {
                Stationary(model.WithAdaptation(adapts), kind);
                Doubled(model.WithAdaptation(adapts), kind);
            }
        }
        return Task.CompletedTask;
    }

    private static void Stationary(ForecastModel model, string kind)
    {
        using var feed = new Feed(model, kind, 1);
        while (feed.Events < StationaryEvents)
        {
            feed.Advance();
        }
        Console.WriteLine(FormattableString.Invariant(
            $"{kind,-16} {feed.Alarms.Count} alarms in {feed.Events:N0} events; PIT distance {feed.Calibration.PitKs:0.0000}"));
    }

    private static void Doubled(ForecastModel model, string kind)
    {
        using var feed = new Feed(model, kind, 2);
        while (feed.Events < (long)Streams * (BeforeEvents + AfterEvents))
        {
            feed.Advance();
        }
        long[] delays = [.. feed.Alarms.Where(alarm => alarm.Ordinal >= BeforeEvents).GroupBy(alarm => alarm.Row)
            .Select(alarms => alarms.Min(alarm => alarm.Ordinal) - BeforeEvents).Order()];
        string shares = string.Join(", ", new[] { 400, 600, 1000, 1500, 2000 }.Select(limit =>
            FormattableString.Invariant($"{delays.Count(delay => delay <= limit) / (double)Streams:0.00} within {limit}")));
        Console.WriteLine($"{"",-16} rate doubled: found {shares} events");
    }

    /// <summary>Streams stepped and scored together, each by its own simulation.</summary>
    private sealed class Feed : IDisposable
    {
        private readonly ForecastModel _model;
        private readonly IStateBackend _backend;
        private readonly SimulatedStream[] _streams;
        private readonly long[] _lastTicks = new long[Streams];
        private readonly int[] _lastMark = new int[Streams];
        private readonly LiveScores[] _live = new LiveScores[Streams];
        private readonly double _pace;
        private readonly StepInput[] _inputs = new StepInput[Slice];
        private readonly StepScore[] _scores = new StepScore[Slice];
        private long _round;

        /// <param name="pace">Factor of the rate from event <see cref="BeforeEvents"/> of each stream on.</param>
        public Feed(ForecastModel model, string kind, double pace)
        {
            (_model, _pace) = (model, pace);
            _backend = new CpuStateBackend(model);
            _backend.EnsureCapacity(Streams);
            _streams = Simulator.Streams(kind, Streams, Seed, s_start);
        }

        public long Events { get; private set; }

        public List<(int Row, long Ordinal)> Alarms { get; } = [];

        public Calibration Calibration { get; } = new();

        /// <summary>The next event of every stream.</summary>
        public void Advance()
        {
            for (int first = 0; first < Streams; first += Slice)
            {
                int count = Math.Min(Slice, Streams - first);
                for (int i = 0; i < count; i++)
                {
                    _inputs[i] = Next(first + i);
                }
                _backend.ScoreAndStep(_inputs.AsSpan(0, count), _scores.AsSpan(0, count));
                for (int i = 0; i < count && _round > 0; i++)
                {
                    Calibration.Add(_scores[i]);
                    if (_live[first + i].Add(_scores[i]))
                    {
                        Alarms.Add((first + i, _round));
                    }
                }
            }
            _round++;
            Events += Streams;
        }

        private StepInput Next(int row)
        {
            SimulatedEvent next = _streams[row].Next();
            double gap = (next.TimeTicks - _lastTicks[row]) * 1e-7 / _model.Config.TimeUnitSeconds / (_round < BeforeEvents ? 1 : _pace);
            int mark = _model.MarkIndex(System.Text.Encoding.UTF8.GetBytes(next.Mark));
            var input = new StepInput(row, mark, _round == 0 ? 0 : gap, _round, _round == 0 ? -1 : _lastMark[row]);
            (_lastTicks[row], _lastMark[row]) = (next.TimeTicks, mark);
            return input;
        }

        public void Dispose() => _backend.Dispose();
    }
}
