using Foretell.Engine.Events;

namespace Foretell.Hosting;

/// <summary>What a caller wants to know of a stream: when to stand, how far to look, which quantiles.</summary>
/// <param name="AtTicks">Moment to forecast from (<see cref="EventTime"/>); null for now.</param>
/// <param name="HorizonSeconds">Length of the window that counts and probabilities refer to, above 0.</param>
/// <param name="Quantiles">Probabilities within (0, 1), in the order asked.</param>
/// <param name="ExpectedCount">Whether to count the events within the horizon, by sampled paths: by far the most costly part of an
/// answer.</param>
/// <param name="Paths">Possible futures wanted, 0 for none, <see cref="MaxPaths"/> at most.</param>
public sealed record ForecastQuestion(long? AtTicks, double HorizonSeconds, IReadOnlyList<double> Quantiles, bool ExpectedCount,
    int Paths = 0)
{
    /// <summary><see cref="Marks"/> unless somebody asks for more or fewer.</summary>
    public const int DefaultMarks = 20;

    /// <summary>Most <see cref="Paths"/> of one stream.</summary>
    public const int MaxPaths = 1000;

    /// <summary>How many of the likeliest marks to name, 0 or more.</summary>
    public int Marks { get; init; } = DefaultMarks;

    /// <summary>Most <see cref="WithinMarks"/>.</summary>
    public const int MostWithin = 64;

    /// <summary>Marks of the model of which to tell how likely one comes within the horizon, by sampled paths; none unless somebody
    /// asks.</summary>
    public IReadOnlyList<string> WithinMarks { get; init; } = [];
}
