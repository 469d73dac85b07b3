using Foretell.Models.Comparison;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Comparison;

public class ComparisonClockTests
{
    [Fact]
    public void Remaining_WhenNothingIsKnown_IsNotGuessed()
    {
        var clock = new ComparisonClock([("a", 3)]);
        ComparisonProgress at = clock.During("a", "a 1", null, TimeSpan.FromSeconds(1));
        Assert.Equal((null, 0, 0, 3), (at.Remaining, at.Share, at.Finished, at.Trainings));
    }

    [Fact]
    public void Remaining_WhenTrainingsDiffer_CountsEachFormByItsOwn()
    {
        var clock = new ComparisonClock([("a", 3), ("b", 2), ("c", 1)]);
        Finish(clock, "a", 1, 10);
        Finish(clock, "a", 2, 20);
        Finish(clock, "a", 2, 20);
        Finish(clock, "b", 1, 45);

        // Left: one of a (15 each), the rest of b's second by its own pace (quarter done in 20 s), one of c (the mean of 15 and 45).
        ComparisonProgress at = clock.During("b", "b 2", new TrainingProgress(25, 100, 1, 0, null, null), TimeSpan.FromSeconds(20));
        Assert.Equal(15 + 60 + 30, at.Remaining!.Value.TotalSeconds, 1e-9);
        Assert.Equal(95 / 200.0, at.Share, 1e-9);
        Assert.Equal((3, 6), (at.Finished, at.Trainings));

        ComparisonProgress scoring = clock.Scoring("a, seed 1");
        Assert.Equal(15 + 45 + 30, scoring.Remaining!.Value.TotalSeconds, 1e-9);
    }

    [Fact]
    public void Share_WhenAllIsTrained_IsOne()
    {
        var clock = new ComparisonClock([("a", 1)]);
        Finish(clock, "a", 1, 10);
        ComparisonProgress at = clock.Scoring("a, seed 1");
        Assert.Equal((1, TimeSpan.Zero), (at.Share, at.Remaining));
    }

    private static void Finish(ComparisonClock clock, string form, int seed, double seconds) =>
        clock.Finish(new TrainingRecord(form, 0.1, seed, 0, 1, 1, seconds, seconds));
}
