namespace Foretell.Faults.Worlds;

/// <summary>The platform broke a promise.</summary>
internal sealed class SimulationFailure(string message) : Exception(message)
{
    /// <summary>Fails with what was promised and what was found, unless they agree.</summary>
    public static void Unless(bool holds, FormattableString broken)
    {
        if (!holds)
        {
            throw new SimulationFailure(broken.ToString());
        }
    }
}
