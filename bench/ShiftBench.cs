using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Bench;

/// <summary>A thousand streams whose habits change half-way: how many events it takes until forecasts are as good as those of a model that
/// was trained on the new habits; and what adapting costs streams that do not change.</summary>
internal static class ShiftBench
{
    private const int Marks = 6, Seeds = 5, Streams = 1000, Half = 500, Window = 10;
    private const double Near = 0.05;

    public static Task RunAsync()
    {
        var found = new List<(double Back, double Late, double LateTrained, double Loss)>();
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ForecastModel ofOld = Train(seed, Regime.Old), plainOld = ofOld.WithAdaptation(false);
            ForecastModel plainNew = Train(seed, Regime.New).WithAdaptation(false);
            Score[] changed = Scores(ofOld, seed, Regime.Old), trained = Scores(plainOld, seed, Regime.Old);
            Score[] goal = Scores(plainNew, seed, Regime.Old), settled = Scores(plainNew, seed, Regime.New);
            double[] beyond = [.. changed.Zip(goal, (a, b) => a.Sum - b.Sum)];
            int back = Enumerable.Range(0, Half - Window).First(n => beyond.Skip(Half + n).Take(Window).Average() <= Near);
            double loss = Loss(ofOld, plainOld, seed);
            found.Add((back, beyond.Skip(Half + 100).Average(),
                trained.Zip(goal, (a, b) => a.Sum - b.Sum).Skip(Half + 100).Average(), loss));
            Console.WriteLine(FormattableString.Invariant(
                $"seed {seed}: within {Near} of the model of the new habits after {back} events; later {found[^1].Late:+0.000;-0.000}, as trained {found[^1].LateTrained:+0.000}; without a change {loss:+0.0000;-0.0000}"));
            foreach (int n in new[] { 0, 5, 10, 20, 30, 50, 100, 200, 400 })
            {
                Score here = Mean(changed, n), model = Mean(goal, n), known = Mean(settled, n);
                Console.WriteLine(FormattableString.Invariant(
                    $"  from the {n}th on: time {here.Time:0.000}, mark {here.Mark:0.000}; by the model of the new habits {model.Time:0.000}, {model.Mark:0.000}; on streams that always had them {known.Time:0.000}, {known.Mark:0.000}"));
            }
        }
        Console.WriteLine(FormattableString.Invariant(
            $"mean of {Seeds} seeds: back after {found.Average(f => f.Back):0} events, later {found.Average(f => f.Late):+0.000;-0.000} (as trained {found.Average(f => f.LateTrained):+0.000}), without a change {found.Average(f => f.Loss):+0.0000;-0.0000}"));
        return Task.CompletedTask;
    }

    private static Score Mean(Score[] scores, int from) => new(scores.Skip(Half + from).Take(Window).Average(s => s.Time),
        scores.Skip(Half + from).Take(Window).Average(s => s.Mark));

    /// <summary>What adapting costs where nothing changes, nats an event.</summary>
    private static double Loss(ForecastModel adapting, ForecastModel plain, int seed) =>
        Scores(adapting, seed, Regime.Old, Regime.Old).Average(s => s.Sum)
        - Scores(plain, seed, Regime.Old, Regime.Old).Average(s => s.Sum);

    private static ForecastModel Train(int seed, Regime regime)
    {
        var options = new TrainingOptions { Seed = seed, Threads = Environment.ProcessorCount };
        return Trainer.Train(Histories(200, regime, seed, 1), Histories(40, regime, seed, 2), options).Model.WithAdaptation(true);
    }

    private static List<EventSequence> Histories(int count, Regime regime, int seed, int set) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var stream = new Stream(new RandomStream(seed, set, i));
        var events = Enumerable.Range(0, 400).Select(_ => stream.Next(regime)).ToArray();
        double time = 0;
        return new EventSequence($"{i}", [.. events.Select(e => time += e.Gap)], [.. events.Select(e => $"mark-{e.Mark}")]);
    })];

    /// <summary>Mean NLL of the n-th event over all streams, which have half of their events of each regime. Shape [2 half].</summary>
    /// <param name="second">From the middle on; the new one unless said.</param>
    private static Score[] Scores(ForecastModel model, int seed, Regime first, Regime? second = null)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(Streams);
        Stream[] streams = [.. Enumerable.Range(0, Streams).Select(i => new Stream(new RandomStream(seed, 3, i)))];
        var scores = new StepScore[Streams];
        var means = new Score[2 * Half];
        for (int t = 0; t < means.Length; t++)
        {
            StepInput[] wave = [.. streams.Select((stream, row) => stream.Next(t < Half ? first : second ?? Regime.New) is var (gap, mark)
                ? new StepInput(row, model.MarkIndices[$"mark-{mark}"], t == 0 ? 0 : gap, t) : default)];
            backend.ScoreAndStep(wave, scores);
            means[t] = t == 0 ? default : new Score(-scores.Average(score => score.Time), -scores.Average(score => score.Mark));
        }
        return means;
    }

    private readonly record struct Score(double Time, double Mark)
    {
        public double Sum => Time + Mark;
    }

    /// <summary>How streams behave.</summary>
    /// <param name="Rate">Events in the time in which the old regime has one.</param>
    /// <param name="Bursts">How likely an event begins or goes on with a burst, times the stream's own inclination.</param>
    /// <param name="Turn">Places by which every mark is moved.</param>
    private sealed record Regime(double Rate, double Bursts, int Turn)
    {
        public static readonly Regime Old = new(1, 1, 0), New = new(5, 2, 1);
    }

    /// <summary>A stream with a pace, an inclination to bursts and marks of its own.</summary>
    private sealed class Stream
    {
        private readonly RandomStream _random;
        private readonly double _pace, _bursts;
        private readonly double[] _share = new double[Marks];
        private int _last;

        public Stream(RandomStream random)
        {
            _random = random;
            _pace = Math.Exp(0.5 * random.NextNormal());
            _bursts = 0.1 + 0.2 * random.NextDouble();
            for (int m = 0; m < Marks; m++)
            {
                _share[m] = Math.Exp(0.7 * random.NextNormal()) * Math.Exp(-0.5 * m);
            }
        }

        public (double Gap, int Mark) Next(Regime regime)
        {
            bool isBurst = _random.NextDouble() < _bursts * regime.Bursts;
            double gap = -Math.Log(_random.NextDouble()) * (isBurst ? 0.05 : 1) * _pace / regime.Rate;
            // Half of the marks are the one behind the last, the others what the stream is used to.
            _last = _random.NextDouble() < 0.5 ? (_last + 1) % Marks : Drawn();
            return (gap, (_last + regime.Turn) % Marks);
        }

        private int Drawn()
        {
            double at = _random.NextDouble() * _share.Sum();
            int mark = 0;
            while (mark < Marks - 1 && (at -= _share[mark]) > 0)
            {
                mark++;
            }
            return mark;
        }
    }
}
