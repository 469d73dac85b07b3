namespace Foretell.Models.Heads;

/// <summary>What one stream has shown of its own beside what the model says.</summary>
/// <param name="GapFactor">How many times as long as the model says its gaps are taken to be.</param>
/// <param name="GapLogEvidence">Log odds, nats, of that against the gaps as the model says them, from -4 to 8; -3 where nothing was
/// shown.</param>
/// <param name="MarkLogEvidence">Likewise of its own habits among the marks.</param>
public sealed record AdaptationReport(double GapFactor, double GapLogEvidence, double MarkLogEvidence);
