namespace Foretell.Ingest.Sources;

/// <summary>Why a source cannot be read.</summary>
public enum SourceFault
{
    /// <summary>The broker is away, slow or busy: worth another try.</summary>
    Unavailable,

    /// <summary>Another reader has the partition.</summary>
    Taken,

    /// <summary>The broker refuses this identity.</summary>
    Refused,

    /// <summary>No such hub, group or partition, or a setting that cannot work.</summary>
    NotFound,
}

/// <summary>A source cannot be read now.</summary>
/// <param name="fault">What kind of reason.</param>
/// <param name="message">What happened and what to do, without secrets.</param>
/// <param name="inner">The client library's exception.</param>
public sealed class SourceException(SourceFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of reason.</summary>
    public SourceFault Fault { get; } = fault;
}
