namespace Foretell.FakeHub;

/// <summary>What the broker answers instead of doing what it was asked for.</summary>
/// <param name="condition">One of <see cref="HubConditions"/>.</param>
/// <param name="description">The sentence that goes with it.</param>
internal sealed class HubException(string condition, string description) : Exception(description)
{
    /// <summary>A fault that a test asked for.</summary>
    public HubException(string condition) : this(condition, HubConditions.Describe(condition))
    {
    }

    public string Condition => condition;
}
