namespace Foretell.Ingest.Simulation;

/// <summary>A small random generator that gives the same numbers on every machine and runtime.</summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
internal struct SplitMix64(ulong state)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private ulong _state = state;

    /// <summary>The generator of one stream: independent of how many streams there are.</summary>
    /// <remarks>Both numbers are mixed: states that lie a multiple of gamma apart would run into each other.</remarks>
    public static SplitMix64 ForStream(long seed, long stream) =>
        new(Mix(Mix((ulong)seed) ^ Mix((ulong)stream + Gamma)));

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(_state += Gamma);

    /// <summary>Uniform within (0, 1), never an end.</summary>
    public double NextUniform() => ((NextBits() >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>Exponential with mean 1.</summary>
    public double NextExponential() => -PortableMath.Log(NextUniform());

    /// <summary>Standard normal, by Box and Muller.</summary>
    public double NextNormal() => Math.Sqrt(2 * NextExponential()) * PortableMath.CosTurns(NextUniform());

    /// <summary>Index of one of several weights that sum to 1.</summary>
    public int NextIndex(ReadOnlySpan<double> probabilities)
    {
        double u = NextUniform();
        int index = 0;
        while (index < probabilities.Length - 1 && u >= probabilities[index])
        {
            u -= probabilities[index++];
        }
        return index;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
