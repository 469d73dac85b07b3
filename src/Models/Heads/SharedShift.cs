namespace Foretell.Models.Heads;

/// <summary>What the streams of a population have in common beside what the model says, as of one moment.</summary>
/// <param name="Offset">How much longer their ln gaps are, in standard deviations of the training gaps.</param>
/// <param name="MarkLogRatios">How much more often each mark comes, as a natural logarithm. Shape [m, padded to 16].</param>
internal sealed record SharedShift(float Offset, float[] MarkLogRatios);
