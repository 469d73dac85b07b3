using Foretell.Models.Numerics;

namespace Foretell.Models.Policies;

/// <summary>How policies are judged.</summary>
public sealed record PolicyEvaluationOptions
{
    /// <summary>Effective sample below which nothing is said of a policy, unless told otherwise.</summary>
    public const int DefaultLeastSample = 500;

    /// <inheritdoc cref="DefaultLeastSample"/>
    public double LeastSample { get; init; } = DefaultLeastSample;

    /// <summary>Times that streams are drawn anew for an interval.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Seed of these draws.</summary>
    public long Seed { get; init; } = 1;
}

/// <summary>Tells from a log with known probabilities what another policy would be worth.</summary>
/// <remarks>Sources: Swaminathan, Joachims, The Self-Normalized Estimator for Counterfactual Learning, NeurIPS 2015; Dudik, Langford, Li,
/// Doubly Robust Policy Evaluation and Learning, ICML 2011; Jiang, Li, Doubly Robust Off-policy Value Evaluation for Reinforcement
/// Learning, ICML 2016, equation 10; Precup, Sutton, Singh, Eligibility Traces for Off-Policy Policy Evaluation, ICML 2000 (a decision's
/// own weight); Efron, Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3 (percentiles).</remarks>
public static class PolicyEvaluator
{
    /// <summary>Judges a policy by a log that neither it nor the outcome model has learned from.</summary>
    /// <param name="test">The log.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="outcome">Expected return of each action in a state; shape [actions]. The doubly robust estimate is without bias
    /// whatever it says, and the surer the better it says it.</param>
    /// <param name="support">Which actions count in a state.</param>
    /// <param name="options">Intervals and refusals.</param>
    public static PolicyValue Evaluate(DecisionLog test, Policy policy, Func<double[], double[]> outcome, ActionSupport support,
        PolicyEvaluationOptions options)
    {
        var streams = new Sums[test.Streams];
        int unsupported = 0, decisions = 0;
        double outside = 0, weights = 0, squares = 0;
        foreach (Episode episode in test.Episodes)
        {
            if (Weigh(episode, policy, outcome, support, ref outside, ref decisions) is { } weighed)
            {
                weights += weighed.Weight;
                squares += weighed.Weight * weighed.Weight;
                streams[episode.Stream] = streams[episode.Stream].Plus(weighed);
            }
            else
            {
                unsupported++;
            }
        }
        int episodes = test.Episodes.Count - unsupported;
        double sample = squares > 0 ? weights * weights / squares : 0;
        return new PolicyValue(policy.Name, episodes, unsupported, outside / Math.Max(1, decisions),
            weights / Math.Max(1, episodes), sample,
            sample >= options.LeastSample ? Estimate([.. streams.Where(s => s.Episodes > 0)], options) : null);
    }

    /// <summary>One episode, or null where nothing that the policy does at its beginning counts. Later the log goes on where nothing does:
    /// to leave the episode out then would prefer those in which other actions had led elsewhere.</summary>
    private static Sums? Weigh(Episode episode, Policy policy, Func<double[], double[]> outcome, ActionSupport support, ref double outside,
        ref int decisions)
    {
        IReadOnlyList<Decision> steps = episode.Decisions;
        double logged = steps[0].Return, weight = 1, ips = 0, onward = 0;
        if (policy.IsLogged)
        {
            decisions += steps.Count;
            return new Sums(1, 1, logged, logged, logged, logged);
        }
        double[] ratios = new double[steps.Count], expected = new double[steps.Count], ofTaken = new double[steps.Count];
        for (int t = 0; t < steps.Count; t++)
        {
            Decision step = steps[t];
            double[] probabilities = policy.At(step), values = outcome(step.State);
            IReadOnlyList<bool> supported = support.In(step.State);
            double inside = 0;
            for (int a = 0; a < values.Length; a++)
            {
                double p = supported[a] ? probabilities[a] : 0;
                inside += p;
                expected[t] += p * values[a];
            }
            decisions++;
            outside += Math.Max(0, 1 - inside);
            if (inside > 0)
            {
                expected[t] /= inside;
                ratios[t] = supported[step.Action] ? probabilities[step.Action] / inside / step.Propensity : 0;
                ofTaken[t] = values[step.Action];
            }
            else if (t == 0)
            {
                return null;
            }
            else
            {
                ratios[t] = 1;
            }
            weight *= ratios[t];
            ips += weight * step.Reward;
        }
        for (int t = steps.Count - 1; t >= 0; t--)
        {
            onward = expected[t] + ratios[t] * (steps[t].Reward + onward - ofTaken[t]);
        }
        return new Sums(1, weight, weight * logged, ips, onward, logged);
    }

    private static PolicyEstimates Estimate(Sums[] streams, PolicyEvaluationOptions options)
    {
        var random = new RandomStream(options.Seed);
        Sums all = streams.Aggregate((a, b) => a.Plus(b));
        var drawn = new Sums[options.Resamples];
        for (int b = 0; b < drawn.Length; b++)
        {
            Sums sums = default;
            for (int i = 0; i < streams.Length; i++)
            {
                sums = sums.Plus(streams[random.NextInt(streams.Length)]);
            }
            drawn[b] = sums;
        }
        PolicyEstimate Of(Func<Sums, double> estimator)
        {
            double[] sorted = [.. drawn.Select(estimator).Order()];
            return new PolicyEstimate(estimator(all), Quantile(sorted, 0.025), Quantile(sorted, 0.975));
        }
        return new PolicyEstimates(Of(s => s.Ips / s.Episodes), Of(s => s.WeightedReturn / Math.Max(s.Weight, 1e-9)),
            Of(s => s.DoublyRobust / s.Episodes), Of(s => (s.DoublyRobust - s.Logged) / s.Episodes));
    }

    private static double Quantile(double[] sorted, double p)
    {
        double at = p * (sorted.Length - 1);
        int below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }

    /// <summary>What a stream's episodes add up to.</summary>
    private readonly record struct Sums(int Episodes, double Weight, double WeightedReturn, double Ips, double DoublyRobust, double Logged)
    {
        public Sums Plus(Sums b) => new(Episodes + b.Episodes, Weight + b.Weight, WeightedReturn + b.WeightedReturn, Ips + b.Ips,
            DoublyRobust + b.DoublyRobust, Logged + b.Logged);
    }
}
