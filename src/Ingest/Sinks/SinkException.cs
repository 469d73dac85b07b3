namespace Foretell.Ingest.Sinks;

/// <summary>Why a sink cannot be published to.</summary>
public enum SinkFault
{
    /// <summary>The broker is away, slow or busy: worth another try.</summary>
    Unavailable,

    /// <summary>The broker refuses this identity.</summary>
    Refused,

    /// <summary>No such hub, or a setting that cannot work.</summary>
    NotFound,
}

/// <summary>A sink cannot be published to now.</summary>
/// <param name="fault">What kind of reason.</param>
/// <param name="message">What happened and what to do, without secrets.</param>
/// <param name="inner">The client library's exception.</param>
public sealed class SinkException(SinkFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of reason.</summary>
    public SinkFault Fault { get; } = fault;
}
