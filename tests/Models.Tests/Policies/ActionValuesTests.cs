using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Models.Tests.Policies;

/// <summary>The outcome model, the support of actions and the policies made of them.</summary>
public sealed class ActionValuesTests
{
    private static readonly string[] s_actions = ["nothing", "offer"];
    private static readonly DecisionColumns s_columns = new("net", "p") { Actions = s_actions };

    [Fact]
    public void Ridge_WhenSolved_LeavesNoSlope()
    {
        var random = new RandomStream(3);
        double[][] rows = [.. Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, 5).Select(_ => random.NextNormal()).ToArray())];
        double[] y = [.. rows.Select(_ => random.NextNormal())];
        var all = new RidgeRegression(5);
        var half = new RidgeRegression(5);
        for (int i = 0; i < rows.Length; i++)
        {
            (i < 20 ? all : half).Add(rows[i]);
        }
        all.Add(half);

        double[] b = all.Solve([.. Enumerable.Range(0, 5).Select(j => rows.Zip(y, (r, v) => r[j] * v).Sum())], penalty: 2.5);

        // The derivative of (y - Xb)^2 + 2.5 b^2 by each coefficient.
        for (int j = 0; j < 5; j++)
        {
            double slope = rows.Zip(y, (r, v) => r[j] * (r.Zip(b, (x, c) => x * c).Sum() - v)).Sum() + 2.5 * b[j];
            Assert.Equal(0, slope, 1e-10);
        }
    }

    /// <summary>An offer brings 2 more where the stream saw "rich", and 1 less where it saw "poor".</summary>
    [Fact]
    public void Fit_WhenAnActionHelpsSomeAndHarmsOthers_TellsWhomAndGreedyFollows()
    {
        DecisionLog log = Read(Streams(3000, seed: 1));
        var values = ActionValues.Fit(log);
        Policy greedy = Policy.Greedy(values, ActionSupport.Of(log));

        Decision[] decisions = [.. Read(Streams(200, seed: 2)).Episodes.Select(e => e.Decisions[0])];

        Assert.All(decisions, d =>
        {
            bool isRich = d.Stream.StartsWith("rich", StringComparison.Ordinal);
            double[] expected = values.Of(d.State);
            Assert.Equal(isRich ? 2 : -1, expected[1] - expected[0], 0.25);
            Assert.Equal(isRich ? [0, 1] : [1, 0], greedy.At(d));
        });
    }

    /// <summary>The log never offers anything to the rich; greedy does not either, however well it would do by the model.</summary>
    [Fact]
    public void Support_WhenTheLogFollowsARule_FindsItAndGreedyKeepsToIt()
    {
        DecisionLog log = Read(Streams(3000, seed: 3, toRich: 0));
        ActionSupport support = ActionSupport.Of(log);

        Assert.All(log.Episodes.Select(e => e.Decisions[0]), d =>
            Assert.Equal([true, d.Stream.StartsWith("poor", StringComparison.Ordinal)], support.In(d.State)));
        Assert.Equal(2, support.Cells);
        Policy greedy = Policy.Greedy(ActionValues.Fit(log), support);
        Assert.All(log.Episodes.Select(e => e.Decisions[0]).Where(d => d.Stream.StartsWith("rich", StringComparison.Ordinal)),
            d => Assert.Equal([1, 0], greedy.At(d)));
        Assert.All(log.Episodes.Take(9), e => Assert.Equal([true, true], ActionSupport.Of(log, least: 0).In(e.Decisions[0].State)));
    }

    [Fact]
    public void Support_WhenTheLogThrowsDice_IsOneCellInWhichAllCounts()
    {
        for (int seed = 10; seed < 20; seed++)
        {
            DecisionLog log = Read(Streams(1500, seed));
            ActionSupport support = ActionSupport.Of(log);

            Assert.Equal(1, support.Cells);
            Assert.Equal([true, true], support.In(log.Episodes[0].Decisions[0].State));
        }
    }

    [Fact]
    public void Always_WhenThereIsNoSuchAction_SaysWhichThereAre() =>
        Assert.Contains("There is no action 'call' to take always; the actions are nothing, offer.",
            Assert.Throws<ArgumentException>(() => Policy.Always("call", s_actions)).Message);

    private static EventSequence[] Streams(int count, long seed, double toRich = 0.5) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        bool isRich = random.NextDouble() < 0.5;
        double p = isRich ? toRich : 0.5;
        bool isOffer = random.NextDouble() < p;
        double reward = (isRich ? 1 : 0) + (isOffer ? isRich ? 2 : -1 : 0) + random.NextNormal();
        return new EventSequence($"{(isRich ? "rich" : "poor")}-{i}", [0, 1], [isRich ? "rich" : "poor", s_actions[isOffer ? 1 : 0]])
        {
            Values = new Dictionary<string, double[]> { ["net"] = [double.NaN, reward], ["p"] = [double.NaN, isOffer ? p : 1 - p] },
        };
    })];

    private static DecisionLog Read(EventSequence[] streams) =>
        DecisionLog.Of(streams, s_columns, s_actions, StateSummaries.Of(streams, s_columns, s_actions));
}
