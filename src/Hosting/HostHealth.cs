namespace Foretell.Hosting;

/// <summary>Whether this process can do its part, whatever becomes of others: what probes ask for.</summary>
/// <param name="Started">It has what it needs to begin.</param>
/// <param name="Problems">Why it should be sent nothing now, one sentence each; empty when it can do its part.</param>
public sealed record HostHealth(bool Started, IReadOnlyList<string> Problems);
