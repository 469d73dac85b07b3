namespace Foretell.Models.Configuration;

/// <summary>A value that events carry, and how it lay in training.</summary>
/// <param name="Name">Its name in the events.</param>
/// <param name="Mean">Mean over all training events that had it.</param>
/// <param name="Deviation">Standard deviation over them. Above 0.</param>
public sealed record ValueScale(string Name, double Mean, double Deviation);
