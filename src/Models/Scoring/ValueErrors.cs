namespace Foretell.Models.Scoring;

/// <summary>How the forecasts of one value did, over the predicted events that had it, each given its gap and mark.</summary>
/// <param name="Name">The value.</param>
/// <param name="Events">Predicted events that had it.</param>
/// <param name="IsLog">Whether errors are of its natural logarithm, as it is read; else of the value itself.</param>
/// <param name="Crps">Continuous ranked probability score. Source: Grimit, Gneiting, Berrocal, Johnson, QJRMS 132, 2006, for mixtures of
/// normals.</param>
/// <param name="CrpsRunning">The same of a normal at the stream's own running level and spread.</param>
/// <param name="Mae">Mean absolute error of the median.</param>
/// <param name="Nll">NLL of the value where it was there, density per deviation of training, nats.</param>
/// <param name="Coverage80">Share of values within the central 80% interval.</param>
/// <param name="PresenceNll">NLL of whether it was there, over all predicted events.</param>
public sealed record ValueErrors(string Name, long Events, bool IsLog, double Crps, double CrpsRunning, double Mae, double Nll,
    double Coverage80, double PresenceNll);
