namespace Foretell.Models.Horizons;

/// <summary>An event within a horizon.</summary>
/// <param name="Time">Time units from the moment of forecasting, 0 or more.</param>
/// <param name="Mark">Index of its mark; 0 where events have none.</param>
internal readonly record struct HorizonEvent(double Time, int Mark);

/// <summary>An event that a forecast names.</summary>
/// <param name="Time">Time units from the moment of forecasting, 0 or more.</param>
/// <param name="Mark">Index of its mark; 0 where events have none.</param>
/// <param name="Score">How sure the forecast is of it: larger is surer, and only the order counts.</param>
internal readonly record struct RankedEvent(double Time, int Mark, double Score);

/// <summary>What a forecast says of one horizon.</summary>
/// <param name="Ranked">Everything that it thinks possible, each with its score, for T-mAP.</param>
/// <param name="Sequence">The one future that it settles on, for the transport distance.</param>
internal sealed record HorizonForecast(IReadOnlyList<RankedEvent> Ranked, IReadOnlyList<HorizonEvent> Sequence);
