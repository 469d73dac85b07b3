namespace Foretell.Ingest.Simulation;

/// <summary>Marks that depend on the mark before and on the gap since it: a Markov chain for each range of gaps.</summary>
/// <param name="limits">Upper limits of the ranges of gaps but the last, in units of a stream's typical gap, rising.</param>
/// <param name="rows">Probability of the next mark; shape [limits + 1][mark before][next mark], each row sums to 1.</param>
internal sealed class MarkChain(double[] limits, double[][][] rows) : MarkProcess
{
    private int _previous;

    /// <inheritdoc/>
    public override ReadOnlySpan<double> Row(double relativeGap)
    {
        int range = 0;
        while (range < limits.Length && relativeGap >= limits[range])
        {
            range++;
        }
        return rows[range][_previous];
    }

    /// <inheritdoc/>
    public override void Advance(int mark) => _previous = mark;
}
