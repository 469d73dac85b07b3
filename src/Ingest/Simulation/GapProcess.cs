namespace Foretell.Ingest.Simulation;

/// <summary>A point process whose next inter-event time has a known density given its past. Times in seconds.</summary>
internal abstract class GapProcess
{
    /// <summary>Draws the time to the next event.</summary>
    public abstract double Sample(ref SplitMix64 random);

    /// <summary>Log density of the time to the next event, nats per second.</summary>
    public abstract double LogDensity(double gap);

    /// <summary>Takes in that the next event came after <paramref name="gap"/>.</summary>
    public abstract void Advance(double gap);
}
