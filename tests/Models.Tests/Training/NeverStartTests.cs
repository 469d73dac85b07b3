using Foretell.Models.Heads;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

public class NeverStartTests
{
    private static readonly NormalMixture s_gaps = new([Math.Log(0.6), Math.Log(0.4)], [0, 2], [0.5, 1]);

    [Theory]
    [InlineData(0.1, 1000, 40)]
    [InlineData(3, 200, 7)]
    [InlineData(2, 2, 1)]
    public void Logit_WhenSomeAreGone_IsTheMostLikelyOne(double shortest, double longest, int events)
    {
        double[] silences = [.. Enumerable.Range(0, 30).Select(i => shortest * Math.Pow(longest / shortest, i / 29.0))];
        List<EventSequence> train =
            [.. silences.Select(c =>
            new EventSequence("", [.. Enumerable.Range(0, events).Select(t => (double)t)], null) { Until = events - 1 + c })];
        // One that nobody watched to the end counts by its events alone.
        train.Add(new EventSequence("", [0, 1, 2], null));

        double Likelihood(double logit) => (30 * (events - 1) + 2) * NeverHead.LogComing(logit)
            + silences.Sum(c => NeverHead.LogSilence(logit, s_gaps.AsLogNormal().LogSurvival(c)));
        double best = Enumerable.Range(-900, 1800).Select(i => i / 100.0).MaxBy(Likelihood);

        Assert.Equal(best, NeverStart.Logit(train, s_gaps), 0.02);
    }

    [Fact]
    public void Logit_WhenStreamsAreOver_IsTheirShareOfTheForecasts() =>
        Assert.Equal(Math.Log(5.0 / 10), NeverStart.Logit([.. Enumerable.Range(0, 5).Select(i =>
            new EventSequence($"{i}", [0, 1, 2], null) { Until = double.PositiveInfinity })], s_gaps), 1e-6);

    [Fact]
    public void Logit_WhenNobodyIsSilent_IsLowAndFinite() =>
        Assert.InRange(NeverStart.Logit([new EventSequence("", [0, 1], null) { Until = 1 }], s_gaps), -10, -3);
}
