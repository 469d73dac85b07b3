namespace Foretell.Models.Configuration;

/// <summary>What a model reads of an episode, and which actions it chooses from. Each step of it is three events: the return-to-go, what
/// is seen, and what is done.</summary>
/// <param name="Actions">Actions that there are, 2 or more.</param>
/// <param name="Observations">How each number of an observation lay in training; 1 or more.</param>
/// <param name="ReturnToGo">How the rewards from a step on lay in training.</param>
/// <param name="Horizon">Steps of the longest episode.</param>
public sealed record ActionShape(int Actions, IReadOnlyList<ValueScale> Observations, ValueScale ReturnToGo, int Horizon)
{
    /// <summary>Events that a step is.</summary>
    public const int EventsPerStep = 3;
}
