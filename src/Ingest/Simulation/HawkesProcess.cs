namespace Foretell.Ingest.Simulation;

/// <summary>Self-exciting: each event raises the rate by a jump that decays; bursts follow.</summary>
/// <param name="baseRate">Rate without past events, per second.</param>
/// <param name="jump">What an event adds to the rate, per second; below <paramref name="decay"/>, or events never end.</param>
/// <param name="decay">Rate at which that fades, per second.</param>
/// <remarks>Source: Hawkes, Biometrika 1971. Exact sampling: Dassios and Zhao, Electronic Communications in Probability 2013.</remarks>
internal sealed class HawkesProcess(double baseRate, double jump, double decay) : GapProcess
{
    private double _excitation;

    /// <inheritdoc/>
    public override double Sample(ref SplitMix64 random)
    {
        // The next event is the earlier one of two independent ones: from the base rate, and from the excitation,
        // which may die out before it brings any.
        double fromBase = random.NextExponential() / baseRate;
        double left = 1 - decay * random.NextExponential() / _excitation;
        return left > 0 ? Math.Min(fromBase, -PortableMath.Log(left) / decay) : fromBase;
    }

    /// <inheritdoc/>
    public override double LogDensity(double gap)
    {
        double faded = PortableMath.Exp(-decay * gap);
        return PortableMath.Log(baseRate + _excitation * faded) - baseRate * gap - _excitation * (1 - faded) / decay;
    }

    /// <inheritdoc/>
    public override void Advance(double gap) => _excitation = _excitation * PortableMath.Exp(-decay * gap) + jump;
}
