namespace Foretell.Models.Configuration;

/// <summary>How the time to a stream's last event lies, by which its head is standardised.</summary>
/// <param name="LogMean">Mean of its logarithm over training, of events behind which there is some.</param>
/// <param name="LogDeviation">Standard deviation of that logarithm, above 0.</param>
public sealed record RemainingScale(double LogMean, double LogDeviation);
