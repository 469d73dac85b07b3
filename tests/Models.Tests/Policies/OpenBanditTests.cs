using Foretell.Models.PointProcess;
using Foretell.Models.Policies;
using Foretell.Support;

namespace Foretell.Models.Tests.Policies;

/// <summary>The estimators on real logs: shown items and clicks of the Open Bandit data set's small release, of a policy that shows all
/// items alike and of one by Thompson sampling (Saito et al., NeurIPS 2021 track on data sets). Twenty and fifteen clicks make no
/// ranking; what is held here is the arithmetic, by the set's own definitions.</summary>
public sealed class OpenBanditTests(ITestOutputHelper output)
{
    private static readonly DecisionColumns s_columns = new("click", "p");

    [Theory]
    [InlineData("men", 0.0040)]
    [InlineData("women", 0.0030)]
    public void Evaluate_OfUniformWhereTheLogWasUniform_IsTheShareOfClicks(string campaign, double clicks)
    {
        (DecisionLog log, string[] actions, _) = Read(campaign, "random_train");

        PolicyValue uniform = Uniform(log, actions, _ => new double[actions.Length]);

        Assert.Equal(5000, uniform.Episodes);
        Assert.Equal(5000, uniform.EffectiveSample, 1e-6);
        Assert.Equal(clicks, uniform.Estimates!.Snips.Value, 1e-9);
        PolicyValue logged =
            PolicyEvaluator.Evaluate(log, Policy.Logged, _ => [], ActionSupport.Of(log, 0), new PolicyEvaluationOptions());
        Assert.Equal(clicks, logged.Estimates!.DoublyRobust.Value, 1e-9);
    }

    /// <summary>What showing all items alike would bring, from the log of Thompson sampling: SNIPS, and the doubly robust estimate with
    /// each item's share of clicks in the uniform log, drawn towards the mean as by 200 impressions.</summary>
    [Fact]
    public void Evaluate_OfUniformOnTheOtherLog_AgreesWithTheDefinitions()
    {
        (DecisionLog train, string[] actions, StateSummaries states) = Read("men", "random_train");
        (DecisionLog test, _, _) = Read("men", "thompson", actions, states);
        double[] shown = new double[actions.Length], clicked = new double[actions.Length];
        foreach (Decision d in train.Episodes.Select(e => e.Decisions[0]))
        {
            shown[d.Action]++;
            clicked[d.Action] += d.Reward;
        }
        double[] model = [.. shown.Zip(clicked, (n, k) => (k + 200 * clicked.Sum() / shown.Sum()) / (n + 200))];
        double weights = 0, squares = 0, weighted = 0, robust = 0;
        foreach (Decision d in test.Episodes.Select(e => e.Decisions[0]))
        {
            double w = 1.0 / actions.Length / d.Propensity;
            weights += w;
            squares += w * w;
            weighted += w * d.Reward;
            robust += model.Average() + w * (d.Reward - model[d.Action]);
        }

        PolicyValue uniform = Uniform(test, actions, _ => model);
        output.WriteLine($"{uniform}\n{Uniform(test, actions, ActionValues.Fit(train).Of)}");

        Assert.Equal(10_000, uniform.Episodes);
        Assert.Equal(weights * weights / squares, uniform.EffectiveSample, 1e-6);
        Assert.Equal(656, uniform.EffectiveSample, 0.5);
        Assert.Equal(weighted / weights, uniform.Estimates!.Snips.Value, 1e-12);
        Assert.Equal(0.003189, uniform.Estimates.Snips.Value, 1e-6);
        Assert.Equal(robust / 10_000, uniform.Estimates.DoublyRobust.Value, 1e-12);
        Assert.Equal(0.003263, uniform.Estimates.DoublyRobust.Value, 1e-6);
        // The uniform log itself says 0.0040, from other impressions.
        Assert.InRange(0.0040, uniform.Estimates.DoublyRobust.Low, uniform.Estimates.DoublyRobust.High);
    }

    /// <summary>There Thompson sampling had all but given up some items: one impression of them weighs thousands of others.</summary>
    [Fact]
    public void Evaluate_WhenAFewImpressionsWeighAll_SaysNothing()
    {
        (_, string[] actions, StateSummaries states) = Read("women", "random_train");
        (DecisionLog test, _, _) = Read("women", "thompson", actions, states);

        PolicyValue uniform = Uniform(test, actions, _ => new double[actions.Length]);

        Assert.Equal(2.08, uniform.EffectiveSample, 0.01);
        Assert.Null(uniform.Estimates);
    }

    private static PolicyValue Uniform(DecisionLog log, string[] actions, Func<double[], double[]> outcome) =>
        PolicyEvaluator.Evaluate(log, Policy.Uniform(actions.Length), outcome, ActionSupport.Of(log, 0), new PolicyEvaluationOptions());

    private static (DecisionLog Log, string[] Actions, StateSummaries States) Read(string campaign, string part, string[]? actions = null,
        StateSummaries? states = null)
    {
        List<EventSequence> streams = SharedData.Read($"settings/obd-{campaign}/{part}");
        actions ??= DecisionLog.ActionsOf(streams, s_columns);
        states ??= StateSummaries.Of(streams, s_columns, actions);
        return (DecisionLog.Of(streams, s_columns, actions, states), actions, states);
    }
}
