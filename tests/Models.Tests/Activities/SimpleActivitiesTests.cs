using Foretell.Models.Activities;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Activities;

public sealed class SimpleActivitiesTests
{
    private static readonly string[] s_activities = ["a", "b"];

    private static readonly EventSequence[] s_train =
    [
        new("1", [0, 1, 3], ["a", "b", "a"]),
        new("2", [0, 5], ["a", "b"]),
        new("3", [2], ["b"]),
    ];

    /// <summary>Against counts by hand: 3 of 6 forecasts are the end, 2 are b, 1 is a.</summary>
    [Fact]
    public void Counts_OfAnyOrder_LeanOnTheShorterPast()
    {
        double[] shares = [(1 + 1) / 9.0, (2 + 1) / 9.0, (3 + 1) / 9.0];
        // Behind a came b, the end and b; behind b a, the end and the end.
        double[] behindA = [(0 + 2 * shares[0]) / 5, (2 + 2 * shares[1]) / 5, (1 + 2 * shares[2]) / 5];
        double[] behindB = [(1 + 2 * shares[0]) / 5, (0 + 2 * shares[1]) / 5, (2 + 2 * shares[2]) / 5];
        // Behind a and b: a and the end.
        double[] behindAB = [(1 + 2 * behindB[0]) / 4, (0 + 2 * behindB[1]) / 4, (1 + 2 * behindB[2]) / 4];
        var seen = new EventSequence("x", [0, 1], ["a", "b"]);

        AssertRows([shares, shares], new ActivityCounts(s_train, s_activities, 0).Predict(seen));
        AssertRows([behindA, behindB], new ActivityCounts(s_train, s_activities, 1).Predict(seen));
        // A case that begins with a is a past of its own: behind it b came twice and nothing else.
        AssertRows([[2 * behindA[0] / 4, (2 + 2 * behindA[1]) / 4, 2 * behindA[2] / 4], behindAB],
            new ActivityCounts(s_train, s_activities, 2).Predict(seen));
    }

    [Fact]
    public void Counts_OfAPastThatTrainDoesNotHave_KnowTheLatestThatItHas()
    {
        var counts = new ActivityCounts(s_train, s_activities, 3);
        double[][] said = counts.Predict(new EventSequence("x", [0, 1, 2], ["strange", "strange", "b"]));

        AssertRows([new ActivityCounts(s_train, s_activities, 0).Predict(s_train[0])[0]], said[..1]);
        AssertRows([new ActivityCounts(s_train, s_activities, 1).Predict(s_train[2])[0]], said[2..]);
    }

    [Fact]
    public void Times_AreMediansAndMeansBehindLikeEvents()
    {
        var times = new ActivityTimes(s_train, (one, i) => one.Marks![i]);
        IReadOnlyList<TypicalTimes> said = times.Predict(new EventSequence("x", [0, 1, 2], ["a", "b", "strange"]));

        // Behind a: gaps 1 and 5; 3, 5 and 0 remain. Behind b: a gap of 2; 2, 0 and 0 remain.
        Assert.Equal(new TypicalTimes(3, 3, 8.0 / 3), said[0]);
        Assert.Equal(new TypicalTimes(2, 0, 2.0 / 3), said[1]);
        Assert.Equal(new TypicalTimes(2, 1, 10.0 / 6), said[2]);
    }

    [Fact]
    public void Fit_SaysWhatEachMethodKnows()
    {
        var methods = SimpleActivities.Fit(s_train, s_activities).ToDictionary(m => m.Name, m => m.Forecast(s_train[0])[0]);

        Assert.Equal(["most frequent", "markov 1", "markov 2", "markov 3", "markov 5", "median after activity", "mean after activity", "mean by length"],
            methods.Keys);
        Assert.All(methods.Take(5), m => Assert.Equal(1, m.Value.Next!.Sum(), 1e-12));
        Assert.Equal(new ActivityForecast(null, 3, 3), methods["median after activity"]);
        Assert.Equal(8.0 / 3, methods["mean after activity"].Remaining);
        // Behind first events 3, 5 and 0 remain.
        Assert.Equal(8.0 / 3, methods["mean by length"].Remaining);
    }

    private static void AssertRows(double[][] expected, double[][] actual) => Assert.All(expected.Zip(actual),
        rows => Assert.All(rows.First.Zip(rows.Second), p => Assert.Equal(p.First, p.Second, 1e-12)));
}
