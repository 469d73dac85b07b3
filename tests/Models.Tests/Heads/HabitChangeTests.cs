using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Heads;

/// <summary>Trained models on streams whose habits change half-way; at the product's size: bench, <c>shift</c>.</summary>
public sealed class HabitChangeTests
{
    private const int Marks = 4, Streams = 200, Before = 200, After = 120;

    private static readonly Lazy<ForecastModel> s_ofOld = new(() => Train(Habits.Old)), s_ofNew = new(() => Train(Habits.New));

    [Fact]
    public void Scores_AfterTheRateIsFiveTimesAndMarksHaveTurned_AreSoonThoseOfAModelOfTheNewHabits()
    {
        double[] adapting = Scores(s_ofOld.Value.WithAdaptation(true)), plain = Scores(s_ofOld.Value), goal = Scores(s_ofNew.Value);

        Assert.True(Beyond(plain, 30, 90) > 0.5, $"As trained: {Beyond(plain, 30, 90)}");
        Assert.InRange(Beyond(adapting, 10, 10), -10, 0.7);
        Assert.InRange(Beyond(adapting, 40, 80), -10, 0.25);

        double Beyond(double[] scores, int from, int count) =>
            scores.Skip(Before + from).Take(count).Average() - goal.Skip(Before + from).Take(count).Average();
    }

    /// <summary>A stream that came daily comes every twelfth day now. As trained it would be overdue at each of its events.</summary>
    [Fact]
    public void Survival_OfAStreamThatBecameSlower_IsSoonThatOfItsNewPace()
    {
        double adapting = LeastSurvival(s_ofOld.Value.WithAdaptation(true)), plain = LeastSurvival(s_ofOld.Value);

        Assert.True(plain < 0.02, $"As trained: {plain}");
        Assert.InRange(adapting, 0.1, 0.9);
    }

    /// <summary>Mean probability, over the last of its events, of a silence as long as its usual one.</summary>
    private static double LeastSurvival(ForecastModel model)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        var forecaster = new Forecaster(model);
        backend.EnsureCapacity(1);
        var random = new RandomStream(7);
        float[] state = new float[model.StateFloats];
        double survival = 0;
        for (int t = 0; t < 140; t++)
        {
            double pace = t < 100 ? 1 : 12;
            backend.Step([new StepInput(0, 0, t == 0 ? 0 : pace * Math.Exp(0.2 * random.NextNormal()), t)]);
            backend.Read(0, state);
            survival += t >= 130 ? forecaster.Forecast(state, pace * model.Config.TimeUnitSeconds).Survival / 10 : 0;
        }
        return survival;
    }

    /// <summary>Mean NLL of the n-th event over all streams. Shape [before + after].</summary>
    private static double[] Scores(ForecastModel model)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(Streams);
        RandomStream[] random = [.. Enumerable.Range(0, Streams).Select(i => new RandomStream(5, i))];
        var scores = new StepScore[Streams];
        return [.. Enumerable.Range(0, Before + After).Select(t =>
        {
            StepInput[] wave = [.. random.Select((stream, row) => Next(stream, t < Before ? Habits.Old : Habits.New) is var (gap, mark)
                ? new StepInput(row, model.MarkIndices[mark], t == 0 ? 0 : gap, t) : default)];
            backend.ScoreAndStep(wave, scores);
            return -scores.Average(score => (double)score.Time + score.Mark);
        })];
    }

    private static ForecastModel Train(Habits habits) => Trainer.Train(Histories(80, habits, 1), Histories(20, habits, 2),
        new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 6 }).Model.WithAdaptation(false);

    private static List<EventSequence> Histories(int count, Habits habits, int set) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(set, i);
        double time = 0;
        var events = Enumerable.Range(0, 100).Select(_ => Next(random, habits)).ToArray();
        return new EventSequence($"{i}", [.. events.Select(e => time += e.Gap)], [.. events.Select(e => e.Mark)]);
    })];

    private static (double Gap, string Mark) Next(RandomStream random, Habits habits)
    {
        // Each mark is half as frequent as the one before it.
        int mark = Math.Min(Marks - 1, (int)-Math.Log2(random.NextDouble()));
        return (Math.Exp(0.6 * random.NextNormal()) / habits.Rate, $"mark-{(mark + habits.Turn) % Marks}");
    }

    private sealed record Habits(double Rate, int Turn)
    {
        public static readonly Habits Old = new(1, 0), New = new(5, 1);
    }
}
