using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Models.Tests.Policies;

/// <summary>The estimators, on logs in which everything comes exactly as often as it is likely: what they say is then the truth itself,
/// and against plain loops.</summary>
public sealed class PolicyEvaluatorTests
{
    private const double Exact = 1e-12;
    private static readonly string[] s_actions = ["a", "b", "c"];
    private static readonly DecisionColumns s_columns = new("reward", "p") { Actions = s_actions };
    private static readonly PolicyEvaluationOptions s_options = new() { LeastSample = 1, Resamples = 200 };

    /// <summary>Two kinds of stream; probability of each action in the log, and in the policy that is judged; chance of a reward
    /// of 1.</summary>
    private static readonly double[][] s_logged = [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]];
    private static readonly double[][] s_policy = [[0.1, 0.2, 0.7], [0.6, 0.4, 0]];
    private static readonly double[][] s_chance = [[0.25, 0.75, 0.5], [1, 0.25, 0]];

    private static readonly Policy s_judged = Policy.Of("judged", d => s_policy[d.Stream[0] - '0']);

    private static double Truth => Enumerable.Range(0, 2).Average(x => Enumerable.Range(0, 3).Sum(a => s_policy[x][a] * s_chance[x][a]));

    [Fact]
    public void Evaluate_WhenEverythingComesAsOftenAsItIsLikely_IsTheTruthWhateverTheModelSays()
    {
        (DecisionLog log, ActionSupport all) = Read(Balanced());

        foreach (Func<double[], double[]> outcome in new Func<double[], double[]>[] { Nothing, Odd })
        {
            PolicyEstimates estimates = PolicyEvaluator.Evaluate(log, s_judged, outcome, all, s_options).Estimates!;

            Assert.Equal(Truth, estimates.Ips.Value, Exact);
            Assert.Equal(Truth, estimates.Snips.Value, Exact);
            Assert.Equal(Truth, estimates.DoublyRobust.Value, Exact);
            Assert.Equal(Truth - log.Episodes.Average(e => e.Decisions[0].Return), estimates.Gain.Value, Exact);
        }
    }

    /// <summary>Two decisions in one episode; the second one's reward depends on both actions.</summary>
    [Fact]
    public void Evaluate_OfTwoDecisionsInAnEpisode_IsTheTruthWhateverTheModelSays()
    {
        double[] logged = [0.5, 0.25, 0.25], first = [0.2, 0.3, 0.5], second = [0.7, 0.2, 0.1];
        static double Reward(int a, int b) => 1 + a + 2 * b * a - b;
        double truth = 0;
        var streams = new List<EventSequence>();
        for (int a = 0; a < 3; a++)
        {
            for (int b = 0; b < 3; b++)
            {
                truth += first[a] * second[b] * (a + Reward(a, b));
                for (int copy = 0; copy < 16 * logged[a] * logged[b]; copy++)
                {
                    streams.Add(Stream($"0-{streams.Count}", [0, 1, 9], [s_actions[a], s_actions[b], "end"],
                        [a, Reward(a, b), double.NaN], [logged[a], logged[b], double.NaN]));
                }
            }
        }
        (DecisionLog log, ActionSupport all) = Read(streams, s_columns with { Horizon = 5 });
        Policy policy = Policy.Of("judged", d => d.Event == 0 ? first : second);

        PolicyEstimates estimates = PolicyEvaluator.Evaluate(log, policy, Odd, all, s_options).Estimates!;

        Assert.Equal(16, log.Episodes.Count);
        Assert.Equal(truth, estimates.Ips.Value, Exact);
        Assert.Equal(truth, estimates.Snips.Value, Exact);
        Assert.Equal(truth, estimates.DoublyRobust.Value, Exact);
    }

    [Fact]
    public void Evaluate_OfARandomLog_AgreesWithPlainLoops()
    {
        (DecisionLog log, ActionSupport all) = Read(Drawn(300, 3, seed: 5), s_columns with { Horizon = 2.5 });
        double weights = 0, squares = 0, returns = 0, ips = 0, robust = 0;
        foreach (Episode episode in log.Episodes)
        {
            double weight = 1, onward = 0;
            foreach (Decision d in episode.Decisions)
            {
                weight *= s_judged.At(d)[d.Action] / d.Propensity;
                ips += weight * d.Reward;
            }
            for (int t = episode.Decisions.Count - 1; t >= 0; t--)
            {
                Decision d = episode.Decisions[t];
                double[] pi = s_judged.At(d), q = Odd(d.State);
                onward = pi[0] * q[0] + pi[1] * q[1] + pi[2] * q[2] + pi[d.Action] / d.Propensity * (d.Reward + onward - q[d.Action]);
            }
            weights += weight;
            squares += weight * weight;
            returns += weight * episode.Decisions.Sum(d => d.Reward);
            robust += onward;
        }
        int n = log.Episodes.Count;

        PolicyValue value = PolicyEvaluator.Evaluate(log, s_judged, Odd, all, s_options);
        PolicyEstimates estimates = value.Estimates!;

        Assert.Contains(log.Episodes, e => e.Decisions.Count == 3);
        Assert.Equal(ips / n, estimates.Ips.Value, Exact);
        Assert.Equal(returns / weights, estimates.Snips.Value, Exact);
        Assert.Equal(robust / n, estimates.DoublyRobust.Value, Exact);
        Assert.Equal(weights * weights / squares, value.EffectiveSample, 1e-8);
        Assert.Equal(weights / n, value.MeanWeight, Exact);
        Assert.Equal(estimates.Ips, PolicyEvaluator.Evaluate(log, s_judged, Nothing, all, s_options).Estimates!.DoublyRobust);
    }

    [Fact]
    public void Evaluate_OfTheLoggedPolicy_IsWhatTheLogHad()
    {
        (DecisionLog log, ActionSupport all) = Read(Drawn(200, 2, seed: 6));
        double mean = log.Episodes.Average(e => e.Decisions[0].Return);

        PolicyValue logged = PolicyEvaluator.Evaluate(log, Policy.Logged, Odd, all, s_options);

        Assert.Equal((log.Episodes.Count, 1.0), (logged.EffectiveSample, logged.MeanWeight));
        Assert.All([logged.Estimates!.Ips, logged.Estimates.Snips, logged.Estimates.DoublyRobust], e => Assert.Equal(mean, e.Value, Exact));
        Assert.Equal(new PolicyEstimate(0, 0, 0), logged.Estimates.Gain);
    }

    /// <summary>95 % intervals hold the truth about so often, though a stream's decisions are alike.</summary>
    [Fact]
    public void Intervals_OverManyLogs_HoldTheTruthAboutAsOftenAsTheySay()
    {
        const int logs = 300;
        int[] held = new int[3];
        for (int seed = 0; seed < logs; seed++)
        {
            (DecisionLog log, ActionSupport all) = Read(Drawn(150, 5, seed: 1000 + seed, alike: true));
            PolicyEstimates e = PolicyEvaluator.Evaluate(log, s_judged, Nothing, all, s_options with { Seed = seed }).Estimates!;
            PolicyEstimate[] estimates = [e.Ips, e.Snips, e.DoublyRobust];
            for (int i = 0; i < held.Length; i++)
            {
                held[i] += estimates[i].Low <= Truth && Truth <= estimates[i].High ? 1 : 0;
            }
        }

        // Three standard errors of 300 draws are 3.8 points.
        Assert.All(held, h => Assert.InRange(h / (double)logs, 0.91, 0.99));
    }

    [Fact]
    public void Evaluate_WhenTheEffectiveSampleIsSmall_TellsItAndNothingElse()
    {
        (DecisionLog log, ActionSupport all) = Read(Drawn(200, 2, seed: 7));

        PolicyValue refused = PolicyEvaluator.Evaluate(log, s_judged, Nothing, all, new PolicyEvaluationOptions());

        Assert.Null(refused.Estimates);
        Assert.InRange(refused.EffectiveSample, 50, 400);
    }

    /// <summary>The log never takes c in streams of kind 1, where one policy would always, and another in part.</summary>
    [Fact]
    public void Evaluate_WhenTheLogNeverTookAnActionInSuchAState_DoesNotCountIt()
    {
        double[][] chance = [[0.25, 0.75, 0.5], [1, 0.25, 0]], logged = [[0.5, 0.25, 0.25], [0.5, 0.5, 0]];
        (DecisionLog log, _) = Read(Drawn(3000, 1, seed: 8, logged: logged));
        ActionSupport support = ActionSupport.Of(log);

        PolicyValue always = PolicyEvaluator.Evaluate(log, Policy.Always("c", s_actions), Odd, support, s_options);
        PolicyValue part = PolicyEvaluator.Evaluate(log, Policy.Of("part", _ => [0.25, 0.25, 0.5]), Odd, support, s_options);

        Assert.Equal(log.Episodes.Count(e => e.Decisions[0].Stream[0] == '1'), always.Unsupported);
        Assert.Equal(0.5, always.OutsideSupport, 0.05);
        Assert.Equal(chance[0][2], always.Estimates!.DoublyRobust.Value, 0.1);
        Assert.Equal((0, 0.25), (part.Unsupported, Math.Round(part.OutsideSupport, 2)));
        Assert.Equal((0.25 * 0.25 + 0.25 * 0.75 + 0.5 * 0.5 + 0.5 * 1 + 0.5 * 0.25) / 2, part.Estimates!.DoublyRobust.Value, 0.05);
    }

    /// <summary>Behind b the log takes a and nothing else, where the policy would take c: there the log's action stands.</summary>
    [Fact]
    public void Evaluate_WhenALaterStateHasNothingOfThePolicy_LetsTheLogDecideThere()
    {
        double[] logged = [0.5, 0.25, 0.25], first = [0.2, 0.3, 0.5];
        double truth = first[0] * 2 + first[1] * 10 + first[2] * 4;
        var streams = new List<EventSequence>();
        for (int a = 0; a < 3; a++)
        {
            for (int b = 0; b < 3; b++)
            {
                double p = a == 1 ? b == 0 ? 1 : 0 : logged[b];
                for (int copy = 0; copy < 1280 * logged[a] * p; copy++)
                {
                    streams.Add(Stream($"0-{streams.Count}", [0, 1, 9], [s_actions[a], s_actions[b], "end"],
                        [a, a == 1 ? 9 : b, double.NaN], [logged[a], p, double.NaN]));
                }
            }
        }
        (DecisionLog log, _) = Read(streams, s_columns with { Horizon = 5 });
        Policy policy = Policy.Of("judged", d => d.Event == 0 ? first : [0, 0, 1]);

        PolicyValue value = PolicyEvaluator.Evaluate(log, policy, Odd, ActionSupport.Of(log), s_options);

        Assert.Equal((0, 0.125), (value.Unsupported, value.OutsideSupport));
        Assert.Equal(truth, value.Estimates!.Ips.Value, Exact);
        Assert.Equal(truth, value.Estimates.Snips.Value, Exact);
        Assert.Equal(truth, value.Estimates.DoublyRobust.Value, Exact);
    }

    private static double[] Nothing(double[] state) => new double[3];

    /// <summary>A model that is wrong everywhere.</summary>
    private static double[] Odd(double[] state) => [state.Sum(), 3 - state[0], Math.Sin(state.Sum())];

    /// <summary>One stream for each of 32 equal parts of what can come.</summary>
    private static List<EventSequence> Balanced()
    {
        var streams = new List<EventSequence>();
        for (int x = 0; x < 2; x++)
        {
            for (int a = 0; a < 3; a++)
            {
                for (int part = 0; part < 16 * s_logged[x][a]; part++)
                {
                    streams.Add(Stream($"{x}-{streams.Count}", [0, 1], [$"kind {x}", s_actions[a]],
                        [double.NaN, part % 4 < 4 * s_chance[x][a] ? 1 : 0], [double.NaN, s_logged[x][a]]));
                }
            }
        }
        return streams;
    }

    /// <summary>Streams that say their kind and then have some decisions, one a time unit.</summary>
    /// <param name="alike">A stream's rewards are drawn with one throw of the dice for all.</param>
    private static List<EventSequence> Drawn(int count, int decisions, long seed, bool alike = false, double[][]? logged = null) =>
        [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        int x = random.NextInt(2);
        double luck = random.NextDouble();
        double[] p = (logged ?? s_logged)[x];
        int[] actions = [.. Enumerable.Range(0, decisions)
            .Select(_ => random.NextDouble() is var u && u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2)];
        return Stream($"{x}-{i}", [.. Enumerable.Range(0, decisions + 1).Select(t => (double)t), decisions + 9],
            [$"kind {x}", .. actions.Select(a => s_actions[a]), "end"],
            [double.NaN, .. actions.Select(a => (alike ? luck : random.NextDouble()) < s_chance[x][a] ? 1.0 : 0), double.NaN],
            [double.NaN, .. actions.Select(a => p[a]), double.NaN]);
    })];

    private static EventSequence Stream(string id, double[] times, string[] marks, double[] rewards, double[] propensities) =>
        new(id, times, marks) { Values = new Dictionary<string, double[]> { ["reward"] = rewards, ["p"] = propensities } };

    private static (DecisionLog Log, ActionSupport All) Read(IReadOnlyList<EventSequence> streams, DecisionColumns? columns = null)
    {
        columns ??= s_columns;
        var log = DecisionLog.Of(streams, columns, s_actions, StateSummaries.Of(streams, columns, s_actions));
        return (log, ActionSupport.Of(log, 0));
    }
}
