namespace Foretell.Models.Policies;

/// <summary>One decision of a log.</summary>
/// <param name="Stream">The stream's key.</param>
/// <param name="Event">Index of its event in the stream.</param>
/// <param name="Action">What the log did, as an index into <see cref="DecisionLog.Actions"/>.</param>
/// <param name="Propensity">Probability with which the log did that.</param>
/// <param name="State">What was known before it (<see cref="StateSummaries"/>).</param>
/// <param name="Reward">What came from it on, up to the episode's next decision or its end.</param>
/// <param name="Return">What came from it on, up to the episode's end.</param>
public sealed record Decision(string Stream, int Event, int Action, double Propensity, double[] State, double Reward, double Return);

/// <summary>Decisions of one stream that are judged together, in order.</summary>
/// <param name="Stream">Which of the log's streams it is.</param>
/// <param name="Decisions">At least one.</param>
public sealed record Episode(int Stream, IReadOnlyList<Decision> Decisions);
