namespace Foretell.Ingest.Simulation;

/// <summary>Wear builds up until an event relieves it: the rate is exp(wear t - relief N) after N events in time t.</summary>
/// <param name="wear">Growth of the log rate, per second.</param>
/// <param name="relief">Fall of the log rate with each event; larger is more regular. The mean gap is relief / wear.</param>
/// <remarks>Source: Isham and Westcott, Stochastic Processes and their Applications 1979.</remarks>
internal sealed class SelfCorrectingProcess(double wear, double relief) : GapProcess
{
    // Starts near where it settles, at a rate of one event in a mean gap.
    private double _logRate = PortableMath.Log(wear / relief);

    /// <inheritdoc/>
    public override double Sample(ref SplitMix64 random) =>
        PortableMath.Log(1 + wear * random.NextExponential() / PortableMath.Exp(_logRate)) / wear;

    /// <inheritdoc/>
    public override double LogDensity(double gap) =>
        _logRate + wear * gap - PortableMath.Exp(_logRate) / wear * (PortableMath.Exp(wear * gap) - 1);

    /// <inheritdoc/>
    public override void Advance(double gap) => _logRate += wear * gap - relief;
}
