using Foretell.Models.Stepping;

namespace Foretell.Hosting;

/// <summary>What steps some of the partitions.</summary>
/// <param name="Name">As <see cref="DeviceReport.Name"/>.</param>
/// <param name="Silo">Address of its silo; null in an embedded host.</param>
/// <param name="Partitions">Partitions whose rows it steps.</param>
/// <param name="Problem">Why an accelerator is not used any more, one sentence, or null.</param>
public sealed record DeviceStatus(string Name, string? Silo, int Partitions, string? Problem);
