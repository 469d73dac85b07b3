using Foretell.Models.Numerics;
using Foretell.Models.Scoring;

namespace Foretell.Models.Tests.Scoring;

public class RankingTests
{
    private const int Seed = 33;

    /// <summary>By their definitions: pairs of one that came and one that did not, and precision at each threshold.</summary>
    [Theory]
    [InlineData(200, 1000)]
    [InlineData(200, 7)]
    [InlineData(5, 2)]
    public void AucAndAveragePrecision_OfAnyProbabilities_AreThoseOfTheirDefinitions(int count, int levels)
    {
        var random = new RandomStream(Seed, count, levels);
        (double P, bool Came)[] told = [.. Enumerable.Range(0, count).Select(i =>
        {
            double p = Math.Floor(random.NextDouble() * levels) / levels;
            return (p, i == 0 || (i > 1 && random.NextDouble() < 0.2 + 0.5 * p));
        })];
        double pairs = 0, right = 0;
        foreach ((double p, bool _) in told.Where(x => x.Came))
        {
            foreach ((double q, bool _) in told.Where(x => !x.Came))
            {
                pairs++;
                right += p > q ? 1 : p == q ? 0.5 : 0;
            }
        }
        double precision = 0, recall = 0;
        foreach (double at in told.Select(x => x.P).Distinct().OrderDescending())
        {
            double hits = told.Count(x => x.P >= at && x.Came), reached = hits / told.Count(x => x.Came);
            precision += (reached - recall) * hits / told.Count(x => x.P >= at);
            recall = reached;
        }

        Assert.Equal(right / pairs, Ranking.Auc(told)!.Value, 1e-12);
        Assert.Equal(precision, Ranking.AveragePrecision(told)!.Value, 1e-12);
    }

    [Fact]
    public void AucAndAveragePrecision_WhereAllCameOrNone_SayNothing()
    {
        Assert.Null(Ranking.Auc([(0.1, true), (0.2, true)]));
        Assert.Null(Ranking.Auc([(0.1, false)]));
        Assert.Null(Ranking.Auc([]));
        Assert.Null(Ranking.AveragePrecision([(0.1, false)]));
        Assert.Equal(1, Ranking.AveragePrecision([(0.1, true)]));
    }
}
