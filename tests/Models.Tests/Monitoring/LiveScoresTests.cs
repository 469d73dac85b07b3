using System.Runtime.CompilerServices;
using Foretell.Models.Monitoring;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Models.Tests.Monitoring;

public class LiveScoresTests
{
    private const int Seed = 52;

    [Fact]
    public void Add_WhenScoresAreFew_IsTheirMean()
    {
        var random = new RandomStream(Seed);
        var scores = new LiveScores();
        double sum = 0, baseline = 0;
        for (int n = 1; n <= 72; n++)
        {
            StepScore score = Score(random);
            sum -= (double)score.Time + score.Mark;
            baseline -= (double)score.BaselineTime + score.BaselineMark;
            scores.Add(score);
            Assert.Equal(n, scores.Events);
            Assert.Equal(sum / n, scores.Nll, 1e-5);
            Assert.Equal(baseline / n, scores.BaselineNll, 1e-5);
            Assert.Equal(score.PValue, (float)scores.LastPValue);
        }
    }

    [Fact]
    public void Add_WhenTheLevelChanges_IsHalfWayThereAfterTheHalfLife()
    {
        var scores = new LiveScores();
        for (int i = 0; i < 10_000; i++)
        {
            scores.Add(new StepScore(-1, -1, -3, 0, 0.5f, 0.5f, 0, false));
        }
        Assert.Equal((2, 3), (scores.Nll, scores.BaselineNll));
        for (int i = 0; i < LiveScores.HalfLife; i++)
        {
            scores.Add(new StepScore(-2, -2, -3, 0, 0.5f, 0.5f, 0, false));
        }
        Assert.Equal(3, scores.Nll, 1e-4);
        Assert.Equal(10_050, scores.Events);
    }

    [Fact]
    public void Add_WhenTheLevelChangesForGood_CountsTheAlarmAndTheEventsSince()
    {
        var random = new RandomStream(Seed);
        var scores = new LiveScores();
        int alarmAt = -1;
        for (int i = 0; i < 4000; i++)
        {
            StepScore score = Score(random);
            if (scores.Add(score with { Time = score.Time + (i < 2048 ? 0 : 3) }) && alarmAt < 0)
            {
                alarmAt = i;
            }
            Assert.Equal(alarmAt < 0 ? (0, null) : (1, (uint?)(i - alarmAt)), (scores.DriftAlarms, scores.EventsSinceDrift));
        }
        Assert.InRange(alarmAt, 2048 + 100, 2048 + 400);
    }

    [Fact]
    public void Add_WhenEventsAreMany_CountsNoFurther()
    {
        var scores = new LiveScores();
        for (int i = 0; i < 70_000; i++)
        {
            scores.Add(default);
        }
        Assert.Equal(ushort.MaxValue, scores.Events);
    }

    [Fact]
    public void Size_IsWhatTheRowsHeaderHasRoomFor() => Assert.Equal(LiveScores.Bytes, Unsafe.SizeOf<LiveScores>());

    private static StepScore Score(RandomStream random) =>
        new((float)random.NextNormal(), (float)Math.Log(random.NextDouble()), (float)random.NextNormal(), -1, 0.5f,
            (float)random.NextDouble(), 0, false);
}
