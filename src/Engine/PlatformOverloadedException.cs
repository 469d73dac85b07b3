namespace Foretell.Engine;

/// <summary>The platform has as much to do as it takes in at a time. Nothing came of the call; the same one may work a moment
/// later.</summary>
public sealed class PlatformOverloadedException(string message) : PlatformUnavailableException(message);
