namespace Foretell.Fuzz.Targets;

/// <summary>An input was read, and what was read is not what a reader promises.</summary>
public sealed class BrokenPromiseException(string promise) : Exception($"The promise that {promise} does not hold.");
