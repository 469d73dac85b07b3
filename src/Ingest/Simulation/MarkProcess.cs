namespace Foretell.Ingest.Simulation;

/// <summary>The marks of one stream: each has a known probability given the marks before it and the gap that leads to it.</summary>
internal abstract class MarkProcess
{
    /// <summary>Probabilities of the next mark, in the order of <see cref="SimulationKind.Marks"/>; they sum to 1. Overwritten by
    /// the next call.</summary>
    /// <param name="relativeGap">Gap divided by the stream's typical gap.</param>
    public abstract ReadOnlySpan<double> Row(double relativeGap);

    /// <summary>Takes in that the mark of this index came.</summary>
    public abstract void Advance(int mark);
}
