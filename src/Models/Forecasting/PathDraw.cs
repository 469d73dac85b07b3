namespace Foretell.Models.Forecasting;

/// <summary>The random numbers of one event of a path.</summary>
/// <param name="Mark">Which mark the event has: uniform on (0, 1).</param>
/// <param name="Component">Which component the next gap is of: uniform.</param>
/// <param name="Normal">Where in the component it lies: standard normal.</param>
internal readonly record struct PathDraw(double Mark, double Component, double Normal);
