namespace Foretell.Models.Policies;

/// <summary>What in a log is a decision, and what it is worth.</summary>
/// <param name="Reward">Name of the value that counts: all that events carry of it is added up, and costs are negative.</param>
/// <param name="Propensity">Name of the value that holds, on each decision, the probability with which the log took its action. An event
/// that carries it is a decision, and its mark is the action.</param>
public sealed record DecisionColumns(string Reward, string Propensity)
{
    /// <summary>Marks that are actions; null for those of the decisions in train.</summary>
    public IReadOnlyList<string>? Actions { get; init; }

    /// <summary>Length of an episode in time units: its decisions are those from its first one on, and its reward is what comes in that
    /// time. Null makes each decision an episode, whose reward is what comes before the stream's next decision.</summary>
    public double? Horizon { get; init; }
}
