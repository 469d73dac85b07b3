namespace Foretell.Models.Forecasting;

/// <summary>What one action now is expected to bring.</summary>
/// <param name="Action">The mark.</param>
/// <param name="Share">How often it was the one that was taken in such a state, of all actions, by what training saw; 0 to 1.</param>
/// <param name="Return">What the reward adds up to within the horizon where the action is taken now and all later ones are as they were in
/// training; null where such a state hardly ever saw the action (<see cref="LeastShare"/>), so that nothing tells what it brings.</param>
public sealed record ActionReturn(string Action, double Share, ValueSum? Return)
{
    /// <summary>An action with a smaller share is not ranked.</summary>
    public const double LeastShare = 0.01;
}
