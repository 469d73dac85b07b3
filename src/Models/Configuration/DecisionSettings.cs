namespace Foretell.Models.Configuration;

/// <summary>Which marks are somebody's own doing, and what it is done for.</summary>
/// <param name="Marks">Marks that are actions, two or more.</param>
/// <param name="Reward">The value whose sum is to be large.</param>
public sealed record DecisionSettings(IReadOnlyList<string> Marks, string Reward);
