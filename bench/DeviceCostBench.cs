using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>What stays on the host when a device steps: nanoseconds of processor time an event, one thread, 100,000 streams in random
/// order; beside them the shard that steps on the CPU.</summary>
internal static class DeviceCostBench
{
    private const int Seed = 1, Streams = 100_000, Batch = 4096, Rounds = 7;
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(400);

    public static Task RunAsync()
    {
        Console.WriteLine("ns an event, median of rounds (least to most)");
        foreach ((int width, int layers) in new[] { (32, 2), (64, 2), (128, 4) })
        {
            ForecastModel model = ForecastModel.Untrained(StepBench.Config(width, layers), Seed);
            using var cpu = new ShardFeed(model, null);
            using var bare = new ShardFeed(model, m => new IdleBackend(m));
            using var rows = new RowWork(model);
            (string Name, Func<TimeSpan> Work)[] parts =
            [
                ("shard that scores and steps on the CPU", cpu.Advance),
                ("shard alone", bare.Advance),
                ("events for the device", rows.PackEvents),
                ("rows gathered", rows.Gather),
                ("rows scattered", rows.Scatter),
                ("scores", rows.Score),
                ("(step alone, on the CPU)", rows.Step),
            ];
            double[] medians = Measure($"d={width} L={layers}", parts);
            double host = medians[1..6].Sum();
            Console.WriteLine(FormattableString.Invariant(
                $"d={width} L={layers} {"host of a device, the five parts together",-42} {host,7:N0}; the CPU's shard is {medians[0] / host:N2} times that"));
        }
        return Task.CompletedTask;
    }

    /// <summary>Rounds of all parts by turns, so that a busy spell meets them all.</summary>
    private static double[] Measure(string name, (string Name, Func<TimeSpan> Work)[] parts)
    {
        List<double>[] rounds = [.. parts.Select(_ => new List<double>())];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int i = 0; i < parts.Length; i++)
            {
                TimeSpan spent = TimeSpan.Zero;
                long events = 0;
                for (; spent < s_round; events += Batch)
                {
                    spent += parts[i].Work();
                }
                // The first round warms up.
                if (round > 0)
                {
                    rounds[i].Add(spent.TotalNanoseconds / events);
                }
            }
        }
        Array.ForEach(rounds, r => r.Sort());
        for (int i = 0; i < parts.Length; i++)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{name} {parts[i].Name,-42} {rounds[i][Rounds / 2],7:N0} ({rounds[i][0]:N0} to {rounds[i][^1]:N0})"));
        }
        return [.. rounds.Select(r => r[Rounds / 2])];
    }

    private static TimeSpan Timed(Action work)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        work();
        return Environment.CpuUsage.TotalTime - before;
    }

    /// <summary>A shard that knows all streams, and the records that it gets; only the shard's work is timed.</summary>
    private sealed class ShardFeed : IDisposable
    {
        private const long TicksPerEvent = EventTime.PerSecond / 500_000;
        private static readonly byte[][] s_keys = [.. Enumerable.Range(0, Streams).Select(i => Encoding.UTF8.GetBytes($"stream-{i}"))];
        private static readonly byte[][] s_marks = [.. Enumerable.Range(0, 10).Select(i => Encoding.UTF8.GetBytes($"mark-{i}"))];

        private readonly Shard _shard;
        private readonly RandomStream _random = new(Seed);
        private readonly RecordBatch _records = new();
        private readonly EventBatch _events = new();
        private long _now = 1_700_000_000L * EventTime.PerSecond;

        public ShardFeed(ForecastModel model, Func<ForecastModel, IStateBackend>? backend)
        {
            _shard = new Shard(0, new ServingModel(model, backend));
            // A stream's first event makes its row, which is no part of what is measured.
            for (int first = 0; first < Streams; first += Batch)
            {
                Advance(i => Math.Min(first + i, Streams - 1));
            }
        }

        public TimeSpan Advance() => Advance(_ => _random.NextInt(Streams));

        private TimeSpan Advance(Func<int, int> stream)
        {
            _records.Clear(_shard.Position + 1);
            _events.Clear();
            for (int i = 0; i < Batch; i++)
            {
                _now += TicksPerEvent;
                _events.TryAdd(s_keys[stream(i)], _now, s_marks[i % s_marks.Length], []);
                _records.Add(_events[i], _now);
            }
            return Timed(() => _shard.Advance(_records));
        }

        public void Dispose() => _shard.Dispose();
    }

    /// <summary>The parts of a step that stay on the host, on the rows of a backend.</summary>
    private sealed class RowWork : IDisposable
    {
        private readonly CpuStateBackend _backend;
        private readonly EventScorer _scorer;
        private readonly FusedModel _fused;
        private readonly RandomStream _random = new(Seed);
        private readonly StepInput[] _inputs = new StepInput[Batch];
        private readonly StepEvent[] _events = new StepEvent[Batch];
        private readonly StepScore[] _scores = new StepScore[Batch];
        private readonly float[] _gathered, _hidden;
        private readonly int[] _order = [.. Enumerable.Range(0, Streams)];
        private readonly int _floats, _width;
        private int _next;

        public RowWork(ForecastModel model)
        {
            (_backend, _scorer, _fused) = (new CpuStateBackend(model), new EventScorer(model), new FusedModel(model));
            _backend.EnsureCapacity(Streams);
            (_floats, _width) = (model.StateFloats, model.Config.Width);
            (_gathered, _hidden) = (new float[Batch * _floats], new float[Batch * _width]);
            _random.Shuffle<int>(_order);
        }

        public TimeSpan PackEvents() => TimedOnBatch(() =>
        {
            for (int i = 0; i < Batch; i++)
            {
                _events[i] = _fused.Event(_inputs[i], i);
            }
        });

        public TimeSpan Gather() => TimedOnBatch(() =>
        {
            for (int i = 0; i < Batch; i++)
            {
                _backend.Read(_inputs[i].Row, _gathered.AsSpan(i * _floats, _floats));
            }
        });

        public TimeSpan Scatter() => TimedOnBatch(() =>
        {
            for (int i = 0; i < Batch; i++)
            {
                _backend.Write(_inputs[i].Row, _gathered.AsSpan(i * _floats, _floats));
            }
        });

        /// <summary>From the hidden vectors at the gathered rows' ends, laid side by side first as the scorer takes them.</summary>
        public TimeSpan Score() => TimedOnBatch(() =>
        {
            for (int i = 0; i < Batch; i++)
            {
                _gathered.AsSpan((i + 1) * _floats - _width, _width).CopyTo(_hidden.AsSpan(i * _width, _width));
            }
            _scorer.Score(_inputs, _hidden, _scores);
        });

        public TimeSpan Step() => TimedOnBatch(() => _backend.Step(_inputs));

        public void Dispose()
        {
            _scorer.Dispose();
            _backend.Dispose();
        }

        /// <summary>The next rows of the order, all different.</summary>
        private TimeSpan TimedOnBatch(Action work)
        {
            for (int i = 0; i < Batch; i++)
            {
                _inputs[i] = new StepInput(_order[_next], i % 10, 0.1 + i % 7, 5, i % 10);
                _next = (_next + 1) % Streams;
            }
            return Timed(work);
        }
    }

    /// <summary>Rows that nothing steps or scores: what a shard costs without that.</summary>
    private sealed class IdleBackend(ForecastModel model) : IStateBackend
    {
        public int Capacity { get; private set; }

        public void EnsureCapacity(int rows) => Capacity = Math.Max(Capacity, Math.Max(2 * Capacity, rows));

        public int RowFloats(int row) => model.StateFloats;

        public void Read(int row, Span<float> state) => state.Clear();

        public void ReadHidden(int row, Span<float> hidden) => hidden.Clear();

        public void Write(int row, ReadOnlySpan<float> state)
        {
        }

        public void Score(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores)
        {
        }

        public void Step(ReadOnlySpan<StepInput> inputs)
        {
        }

        public void ScoreAndStep(ReadOnlySpan<StepInput> inputs, Span<StepScore> scores)
        {
        }

        public void Dispose()
        {
        }
    }
}
