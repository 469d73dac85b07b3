namespace Foretell.Models.Horizons;

/// <summary>How well forecasts of whole horizons did.</summary>
/// <param name="Horizons">Horizons forecast.</param>
/// <param name="Events">Events that came in them.</param>
/// <param name="TMap">T-mAP, 0 to 1: higher is better.</param>
/// <param name="WeightedTMap">The same with marks weighed by their events.</param>
/// <param name="Otd">Optimal transport distance an event that came, by the cost of leaving it out: 1 is what naming nothing scores, 0 is
/// perfect.</param>
public sealed record HorizonScore(int Horizons, int Events, double TMap, double WeightedTMap, double Otd);
