namespace Foretell.Engine;

/// <summary>The platform cannot serve this now; retrying later is right.</summary>
public class PlatformUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
