using Foretell.Models.Activities;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Activities;

public sealed class ActivityScoreTests
{
    private static readonly string[] s_activities = ["a", "b"];

    /// <summary>Times in hours; worked out by hand.</summary>
    [Fact]
    public void Of_TwoCases_CountsWhatEachFigureCounts()
    {
        (EventSequence, IReadOnlyList<ActivityForecast>)[] cases =
        [
            (new EventSequence("1", [0, 24, 72], ["a", "b", "a"]),
            [
                new([0.2, 0.7, 0.1], 12, 48),   // b came: right
                new([0.3, 0.1, 0.6], 24, 72),   // a came: the end was said; a is right where the end is ruled out
                new([0.1, 0.2, 0.7], 5, 24),    // over: right
            ]),
            (new EventSequence("2", [0], ["b"]), [new([0.5, 0.3, 0.2], 1, 0)]),   // over: wrong
        ];

        ActivityScore score = ActivityScore.Of(cases, s_activities, 1 / 24.0);

        Assert.Equal(2.0 / 4, score.Accuracy);
        Assert.Equal(-(Math.Log(0.7) + Math.Log(0.3) + Math.Log(0.7) + Math.Log(0.2)) / 4, score.LogLoss!.Value, 1e-12);
        Assert.Equal(-(Math.Log(0.9) + Math.Log(0.4) + Math.Log(0.7) + Math.Log(0.2)) / 4, score.LogLossOver!.Value, 1e-12);
        // Only the third event of the first case counts.
        Assert.Equal((0, 1), (score.AccuracyTax, score.AccuracyGoingOn));
        Assert.Equal(1, score.GapError!.Value, 1e-12);
        // 72 - 48, 48 - 72, 0 - 24 and 0 - 0 hours.
        Assert.Equal((24 + 24 + 24 + 0) / 24.0 / 4, score.RemainingError!.Value, 1e-12);
    }

    [Fact]
    public void Of_SomeNumbersOfEvents_CountsForecastsBehindThem()
    {
        (EventSequence, IReadOnlyList<ActivityForecast>)[] cases = [(new EventSequence("1", [0, 1, 2], ["a", "b", "a"]),
            [new([0.8, 0.1, 0.1], null, null), new([0.8, 0.1, 0.1], null, null), new([0.1, 0.1, 0.8], null, null)])];

        Assert.Equal(0, ActivityScore.Of(cases, s_activities, 1, 1, 1).Accuracy);
        Assert.Equal(1, ActivityScore.Of(cases, s_activities, 1, 2, 3).Accuracy);
        Assert.Null(ActivityScore.Of(cases, s_activities, 1, 4, 7).Accuracy);
        Assert.Null(ActivityScore.Of(cases, s_activities, 1).GapError);
    }

    [Fact]
    public void Of_AnActivityThatTrainDoesNotHave_IsWrongAndOneInATrillion()
    {
        (EventSequence, IReadOnlyList<ActivityForecast>)[] cases =
            [(new EventSequence("1", [0, 1], ["a", "strange"]), [new([1, 0, 0], null, null), new([0, 0, 1], null, null)])];

        ActivityScore score = ActivityScore.Of(cases, s_activities, 1);

        Assert.Equal(0.5, score.Accuracy);
        Assert.Equal(-Math.Log(1e-12) / 2, score.LogLoss!.Value, 1e-12);
    }
}
