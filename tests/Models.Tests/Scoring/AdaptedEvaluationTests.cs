using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Tests.Heads;

namespace Foretell.Models.Tests.Scoring;

public sealed class AdaptedEvaluationTests
{
    [Theory]
    [InlineData(false, 0, 0)]
    [InlineData(true, 0, 0)]
    [InlineData(true, 0.05, 0)]
    [InlineData(true, 0, 0.1)]
    [InlineData(true, 0, 0, 64)]
    [InlineData(true, 0, 0, 65)]
    public void Evaluate_WhenTheModelAdapts_GivesTheScoresOfServing(bool adapt, double resolution, double ties, int marks = 3)
    {
        ForecastModel model = ForecastModel.Untrained(
            TestModels.Config(marks: marks) with { Adapt = adapt, Resolution = resolution, Ties = ties }, TestModels.WeightsSeed);
        EventSequence[] sequences =
            [.. Enumerable.Range(0, 4).Select(i => OnGrid(TestModels.History(200, marks, seed: 5 + i, spread: 0.5), resolution))];

        Evaluation evaluation = Evaluator.Evaluate(model, sequences);

        double time = 0, mark = 0;
        foreach (EventSequence sequence in sequences)
        {
            using var stream = new SteppedStream(model);
            for (int t = 0; t < sequence.Times.Length; t++)
            {
                var score = stream.Step(t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1], model.MarkIndices[sequence.Marks![t]]);
                (time, mark) = (time + score.Time, mark + score.Mark);
            }
        }
        Assert.Equal(-time / evaluation.Events, evaluation.NllTime, 1e-4);
        Assert.Equal(-mark / evaluation.Events, evaluation.NllMark, 1e-4);
        Assert.Equal(adapt, evaluation.AsTrained is not null);
        if (adapt)
        {
            Evaluation plain = Evaluator.Evaluate(model.WithAdaptation(false), sequences);
            Assert.Equal((plain.NllTime, plain.NllMark), (evaluation.AsTrained!.NllTime!.Value, evaluation.AsTrained.NllMark!.Value));
            Assert.NotEqual(plain.NllTime, evaluation.NllTime);
        }
    }

    /// <summary>A history scored whole is its beginning, scored by itself, and the rest with the beginning as its past.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Evaluate_WhenSequencesHaveAPast_ScoresWhatComesBehindItAsIfAllWereScored(bool adapt)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config(marks: 3) with { Adapt = adapt }, TestModels.WeightsSeed);
        EventSequence[] whole = [.. Enumerable.Range(0, 4).Select(i => TestModels.History(60 + i, 3, seed: 5 + i, spread: 0.5))];
        EventSequence[] begun = [.. whole.Select(s => s with { Times = s.Times[..40], Marks = s.Marks![..40] })];

        Evaluation all = Evaluator.Evaluate(model, whole), first = Evaluator.Evaluate(model, begun);
        Evaluation rest = Evaluator.Evaluate(model, [.. whole.Select(s => s with { Past = 40 })]);

        Assert.Equal((0, 160, all.Events - first.Events), (all.PastEvents, rest.PastEvents, rest.Events));
        AssertAddsUp(e => e.NllTime);
        AssertAddsUp(e => e.NllMark);
        AssertAddsUp(e => e.Accuracy);
        AssertAddsUp(e => e.Errors.Crps);
        AssertAddsUp(e => e.AsTrained?.NllTime ?? 0);
        AssertAddsUp(e => e.Baselines["running"].NllTime!.Value);
        AssertAddsUp(e => e.Baselines["markov"].NllMark!.Value);
        Assert.Equal(32, rest.BySeen.Min(seen => seen.From));

        void AssertAddsUp(Func<Evaluation, double> score) => Assert.Equal(score(all) * all.Events,
            score(first) * first.Events + score(rest) * rest.Events, 1e-6 * all.Events);
    }

    private static EventSequence OnGrid(EventSequence sequence, double resolution) => resolution == 0 ? sequence
        : sequence with { Times = [.. sequence.Times.Select(t => Math.Round(t / resolution) * resolution)] };
}
