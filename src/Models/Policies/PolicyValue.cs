namespace Foretell.Models.Policies;

/// <summary>An estimate, and the interval that holds 95 % of what it is when streams are drawn anew.</summary>
public sealed record PolicyEstimate(double Value, double Low, double High);

/// <summary>What a policy would be worth, reward an episode.</summary>
/// <param name="Ips">Inverse propensity score; of several decisions, by each decision's own weight.</param>
/// <param name="Snips">Self-normalised inverse propensity score.</param>
/// <param name="DoublyRobust">Doubly robust: the outcome model, put right by what came.</param>
/// <param name="Gain">The doubly robust estimate over what the log itself had in the same episodes.</param>
public sealed record PolicyEstimates(PolicyEstimate Ips, PolicyEstimate Snips, PolicyEstimate DoublyRobust, PolicyEstimate Gain);

/// <summary>What a log tells of a policy.</summary>
/// <param name="Name">The policy.</param>
/// <param name="Episodes">Episodes that count.</param>
/// <param name="Unsupported">Episodes left out, since the log hardly ever did in such a state what the policy would do first.</param>
/// <param name="OutsideSupport">Share of the policy's probability that lay on actions which the log hardly ever took in such states; it
/// is divided among the policy's other actions, and without any the log decides.</param>
/// <param name="MeanWeight">Mean weight of an episode: about 1 where the logged probabilities are true.</param>
/// <param name="EffectiveSample">(sum w)^2 / sum w^2: as many episodes of the policy itself would tell about as much.</param>
/// <param name="Estimates">Null where the effective sample is too small to judge.</param>
public sealed record PolicyValue(string Name, int Episodes, int Unsupported, double OutsideSupport, double MeanWeight,
    double EffectiveSample, PolicyEstimates? Estimates);
