using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Models.Tests.Policies;

/// <summary>A policy learned from a simulated shop's log, what another log tells of it, and what it then brings.</summary>
public sealed class OfferPolicyTests(ITestOutputHelper output)
{
    private static readonly DecisionColumns s_columns =
        new(OfferSimulator.Reward, OfferSimulator.Propensity) { Actions = OfferSimulator.Actions, Horizon = OfferSimulator.Horizon };

    [Fact]
    public void Greedy_LearnedFromALog_BeatsDiscountsForAllAndTheLogAndBringsWhatWasEstimated()
    {
        // So many that what is played is known to a fifth of an interval's half.
        const int repetitions = 10, players = 6000;
        double discounts = OfferSimulator.Play(5 * players, seed: 300, (_, _, _) => 2);
        int covered = 0, coveredDiscount = 0;
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            EventSequence[] train = OfferSimulator.Log(1500, seed: 100 + repetition);
            var states = StateSummaries.Of(train, s_columns, OfferSimulator.Actions);
            var log = DecisionLog.Of(train, s_columns, OfferSimulator.Actions, states);
            var values = ActionValues.Fit(log);
            var support = ActionSupport.Of(log);
            var held = DecisionLog.Of(OfferSimulator.Log(4000, seed: 200 + repetition), s_columns, OfferSimulator.Actions, states);
            Policy greedy = Policy.Greedy(values, support), discount = Policy.Always("discount", OfferSimulator.Actions);

            PolicyValue ofGreedy = PolicyEvaluator.Evaluate(held, greedy, values.Of, support, new PolicyEvaluationOptions());
            PolicyValue ofDiscount = PolicyEvaluator.Evaluate(held, discount, values.Of, support, new PolicyEvaluationOptions());
            double logged = held.Episodes.Average(e => e.Decisions[0].Return);
            double played = OfferSimulator.Play(players, 300 + repetition, (past, time, elapsed) =>
                Array.IndexOf(greedy.At(new Decision(past.Id, 0, 0, 1, states.After(past, time, elapsed), 0, 0)), 1));

            output.WriteLine($"{repetition}: logged {logged:F2}, greedy {Shown(ofGreedy, played)}, discounts {Shown(ofDiscount, discounts)}");
            Assert.True(played > discounts && played > logged);
            covered += Holds(ofGreedy, played) ? 1 : 0;
            coveredDiscount += Holds(ofDiscount, discounts) ? 1 : 0;
            Assert.True(ofGreedy.Estimates!.Gain.Low > 0);
        }
        Assert.InRange(covered, 9, repetitions);
        Assert.InRange(coveredDiscount, 9, repetitions);
    }

    private static string Shown(PolicyValue value, double played) => value.Estimates!.DoublyRobust is var e
        ? $"{e.Value:F2} [{e.Low:F2}, {e.High:F2}] of {value.EffectiveSample:F0}, played {played:F2}" : "";

    private static bool Holds(PolicyValue value, double truth) =>
        value.Estimates!.DoublyRobust is var estimate && estimate.Low <= truth && truth <= estimate.High;
}
