namespace Foretell.FakeHub;

/// <summary>A token that a client put for some address.</summary>
/// <param name="Type">"jwt", or "servicebus.windows.net:sastoken".</param>
/// <param name="Audience">The address that it is for.</param>
/// <param name="ExpiresOn">When it stops to hold.</param>
/// <param name="Refusal">Why it was refused; null if it was taken.</param>
public sealed record PutToken(string Type, string Audience, DateTimeOffset ExpiresOn, string? Refusal);
