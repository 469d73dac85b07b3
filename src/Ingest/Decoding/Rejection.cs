namespace Foretell.Ingest.Decoding;

/// <summary>An event that was not accepted.</summary>
/// <param name="Index">Place of the event in its request, from 0. In NDJSON blank lines do not count.</param>
/// <param name="Reason">What was seen and what was expected, a sentence for the sender.</param>
public sealed record Rejection(int Index, string Reason);
