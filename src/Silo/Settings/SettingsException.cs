namespace Foretell.Silo.Settings;

/// <summary>A setting is wrong or missing. The message is for the operator: which one, what it is, what is allowed.</summary>
internal sealed class SettingsException(string message, Exception? inner = null) : Exception(message, inner);
