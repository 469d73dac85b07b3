namespace Foretell.Models.Torch;

/// <summary>Torch, or the device that it was asked for, is not there; the message says what is missing and what to do.</summary>
public sealed class TorchUnavailableException(string message) : NotSupportedException(message);
