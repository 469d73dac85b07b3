namespace Foretell.Ingest;

/// <summary>Marks that depend on the mark before and on the gap since it: a Markov chain for each range of gaps.</summary>
/// <param name="marks">The marks.</param>
/// <param name="limits">Upper limits of the ranges of gaps but the last, in units of a stream's typical gap, rising.</param>
/// <param name="rows">Probability of the next mark; shape [limits + 1][mark before][next mark], each row sums to 1.</param>
internal sealed class MarkChain(string[] marks, double[] limits, double[][][] rows)
{
    /// <summary>The marks.</summary>
    public IReadOnlyList<string> Marks => marks;

    /// <summary>Probabilities of the next mark.</summary>
    /// <param name="previous">Index of the mark before.</param>
    /// <param name="relativeGap">Gap divided by the stream's typical gap.</param>
    public ReadOnlySpan<double> Row(int previous, double relativeGap)
    {
        int range = 0;
        while (range < limits.Length && relativeGap >= limits[range])
        {
            range++;
        }
        return rows[range][previous];
    }
}
