namespace Foretell.Models.PointProcess;

/// <summary>What one gap says of the forecast before it. Time units.</summary>
/// <param name="LogDensity">Log density, nats per time unit; of a tie the log probability.</param>
/// <param name="Below">Forecast probability of a shorter gap.</param>
/// <param name="UpTo">Probability of one that is no longer: on a clock grid up to the end of its tick.</param>
/// <param name="AbsoluteError">Distance of the median forecast.</param>
/// <param name="Crps">Continuous ranked probability score, no wait counted beyond the model's ceiling.</param>
/// <param name="LogInCell">Log of the mean density over the cell that the gap was recorded in.</param>
internal readonly record struct ScoredGap(double LogDensity, double Below, double UpTo, double AbsoluteError, double Crps,
    double LogInCell);
