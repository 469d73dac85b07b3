namespace Foretell.Ingest.Simulation;

/// <summary>Gaps from log-normals, of which a hidden Markov chain chooses one for each gap: turns, bursts, pauses of any length.</summary>
/// <remarks>Source: Hamilton, Econometrica 57, 1989, for the filter. A gap is drawn from the filter's own forecast, which has the same
/// law as drawing the chain and needs no second random state.</remarks>
internal sealed class SwitchingProcess : GapProcess
{
    private readonly double[][] _rows;
    private readonly double[] _weights, _posterior;
    private readonly RenewalProcess _next;

    /// <param name="rows">Probability of the next component; shape [component before][next component], each row sums to 1.</param>
    /// <param name="mu">Means of ln(gap in seconds).</param>
    /// <param name="sigma">Standard deviations of ln(gap).</param>
    public SwitchingProcess(double[][] rows, double[] mu, double[] sigma)
    {
        (_rows, _weights, _posterior) = (rows, [.. rows[0]], new double[mu.Length]);
        // Given the past the next gap is a mixture, whose weights Advance keeps.
        _next = new RenewalProcess(_weights, mu, sigma);
    }

    /// <inheritdoc/>
    public override double Sample(ref SplitMix64 random) => _next.Sample(ref random);

    /// <inheritdoc/>
    public override double LogDensity(double gap) => _next.LogDensity(gap);

    /// <inheritdoc/>
    public override void Advance(double gap)
    {
        double density = _next.LogDensity(gap), logGap = PortableMath.Log(gap);
        for (int k = 0; k < _posterior.Length; k++)
        {
            _posterior[k] = PortableMath.Exp(_next.LogTerm(k, logGap) - logGap - density);
        }
        for (int next = 0; next < _weights.Length; next++)
        {
            double sum = 0;
            for (int k = 0; k < _posterior.Length; k++)
            {
                sum += _posterior[k] * _rows[k][next];
            }
            _weights[next] = sum;
        }
    }
}
