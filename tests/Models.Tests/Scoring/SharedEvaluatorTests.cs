using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;

namespace Foretell.Models.Tests.Scoring;

public sealed class SharedEvaluatorTests
{
    private static readonly ForecastModel s_model =
        ForecastModel.Untrained(TestModels.Config(marks: 3) with { Adapt = true }, TestModels.WeightsSeed);

    [Fact]
    public void Evaluate_WhenNothingIsShared_IsTheScoreOfEachStreamByItself()
    {
        EventSequence[] sequences = [.. Histories(12, pace: 1).Select((s, i) => i % 3 == 0 ? s with { Past = 20 } : s)];

        Evaluation alone = Evaluator.Evaluate(s_model, sequences);
        SharedScore inOrder = SharedEvaluator.Evaluate(s_model, sequences, every: 0);

        Assert.Equal(alone.NllTime, inOrder.NllTime, 1e-4);
        Assert.Equal(alone.NllMark, inOrder.NllMark, 1e-4);
        Assert.Equal(alone.Nll, inOrder.Nll, 1e-4);
        // Hundredths on the one side, every gap on the other.
        Assert.InRange(inOrder.PitKs, alone.PitKs - 0.011, alone.PitKs + 0.001);
    }

    [Fact]
    public void Evaluate_OfAModelWithValues_ReadsAndScoresThem()
    {
        ForecastModel model =
            ForecastModel.Untrained(TestModels.Config().WithValues(2) with { Adapt = true }, TestModels.WeightsSeed);
        EventSequence[] sequences = [.. Histories(8, pace: 1).Select((s, i) => s.WithValues(model.Config, seed: i))];

        Evaluation alone = Evaluator.Evaluate(model, sequences);
        SharedScore inOrder = SharedEvaluator.Evaluate(model, sequences, every: 0);

        Assert.Equal((alone.NllTime, alone.NllMark, alone.Nll), (inOrder.NllTime, inOrder.NllMark, inOrder.Nll),
            (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) + Math.Abs(a.Item3 - b.Item3) < 3e-4);
        Assert.True(alone.Nll > alone.NllTime + alone.NllMark + 0.5);
    }

    /// <summary>A hundred streams that all have another pace than the model says, and few events each.</summary>
    [Fact]
    public void Evaluate_WhenAllStreamsHaveAPaceOfTheirOwn_IsBetterThanEachByItself()
    {
        EventSequence[] sequences = [.. Histories(100, pace: 30)];

        SharedScore alone = SharedEvaluator.Evaluate(s_model, sequences, every: 0), shared = SharedEvaluator.Evaluate(s_model, sequences);

        Assert.InRange(shared.NllTime - alone.NllTime, -10, -0.02);
    }

    [Fact]
    public void Evaluate_WhenTheModelDoesNotAdapt_SaysSo()
    {
        ForecastModel plain = s_model.WithAdaptation(false);

        Assert.Equal($"Model {plain.Id} does not adapt, and streams can share only what adaptation tells. Use --adapt. (Parameter 'model')",
            Assert.Throws<ArgumentException>(() => SharedEvaluator.Evaluate(plain, [.. Histories(2, pace: 1)])).Message);
    }

    [Fact]
    public void Evaluate_WhenNoSequenceHasTwoEvents_SaysSo() =>
        Assert.Contains("at least one sequence with two events", Assert.Throws<ArgumentException>(
            () => SharedEvaluator.Evaluate(s_model, [new EventSequence("a", [1], ["mark-0"])])).Message);

    private static IEnumerable<EventSequence> Histories(int count, double pace) => Enumerable.Range(0, count).Select(i =>
    {
        EventSequence history = TestModels.History(60, 3, seed: 5 + i, spread: 0.5);
        return history with { Times = Array.ConvertAll(history.Times, time => pace * time) };
    });
}
