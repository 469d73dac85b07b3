namespace Foretell.Sources.Contract;

/// <summary>A message as its sender made it.</summary>
/// <param name="Body">Its body.</param>
/// <param name="Key">What chose its partition; null for none.</param>
/// <param name="ContentType">Media type of its body; null for none.</param>
/// <param name="Properties">Texts beside the body.</param>
public sealed record SentMessage(string Body, string? Key = null, string? ContentType = null,
    IReadOnlyDictionary<string, string>? Properties = null);
