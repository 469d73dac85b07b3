namespace Foretell.Models;

/// <summary>Probability of one mark.</summary>
public readonly record struct MarkProbability(string Mark, double Probability);

/// <summary>The distribution of a stream's next event, conditioned on the silence since its last one. Times in seconds after the moment of asking.</summary>
public sealed class Forecast
{
    /// <summary>Probability that nothing would have come by now.</summary>
    public double Survival => throw new NotImplementedException();

    /// <summary>Its logarithm; finite where <see cref="Survival"/> underflows.</summary>
    public double LogSurvival => throw new NotImplementedException();

    /// <summary>Mean time to the next event, seconds.</summary>
    public double Mean => throw new NotImplementedException();

    /// <summary>Time by which the next event has come with probability <paramref name="p"/>, seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p) => throw new NotImplementedException();

    /// <summary>Probability that the next event comes within <paramref name="seconds"/>.</summary>
    public double ProbabilityWithin(double seconds) => throw new NotImplementedException();

    /// <summary>Probability of each mark of the next event, most likely first; sums to 1. Empty where the model has no marks.</summary>
    public IReadOnlyList<MarkProbability> Marks() => throw new NotImplementedException();

    /// <summary>Expected number of events within <paramref name="horizonSeconds"/>, by sampling paths; the same seed gives the same answer.</summary>
    public double ExpectedCount(double horizonSeconds, int seed = 1) => throw new NotImplementedException();
}
