namespace Foretell.Models.Numerics;

/// <summary>A small random generator with the same values on every machine: SplitMix64.</summary>
/// <remarks>
/// Seeding by several integers gives every (seed, epoch, stream, ...) its own sequence, so a value depends on what it is
/// for and not on the thread or order in which it is drawn. Not safe for use by two threads at once; not for secrets.
/// Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
/// </remarks>
public sealed class RandomStream
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;
    private double _spareNormal = double.NaN;

    /// <summary>A generator whose sequence is fixed by the seeds and their order.</summary>
    public RandomStream(params ReadOnlySpan<long> seeds)
    {
        foreach (long seed in seeds)
        {
            _state = Mix(_state + Golden + (ulong)seed);
        }
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Mix(_state += Golden);

    /// <summary>Uniform on (0, 1), both ends excluded: a multiple of 2^-52 plus 2^-53.</summary>
    public double NextDouble() => ((NextUInt64() >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>Uniform on 0 to <paramref name="count"/> - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">count is below 1.</exception>
    public int NextInt(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        // The high word of a product with 64 fresh bits favours no value by more than 2^-33.
        return (int)Math.BigMul(NextUInt64(), (ulong)count, out _);
    }

    /// <summary>Standard normal, by Marsaglia's polar method.</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            double spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }
        double x, y, s;
        do
        {
            x = 2 * NextDouble() - 1;
            y = 2 * NextDouble() - 1;
            s = x * x + y * y;
        }
        while (s >= 1 || s == 0);
        double scale = Math.Sqrt(-2 * Log(s) / s);
        _spareNormal = y * scale;
        return x * scale;
    }

    /// <summary>Puts the items in random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>ln x for positive normal x, from the four operations alone: the platform's own may differ in the last bit.</summary>
    private static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa /= 2;
            exponent++;
        }
        // ln m = 2 atanh((m - 1) / (m + 1)); the argument is at most 0.172, so eleven terms reach the last bit.
        double s = (mantissa - 1) / (mantissa + 1), square = s * s, series = 0;
        for (int n = 21; n >= 1; n -= 2)
        {
            series = series * square + 1.0 / n;
        }
        return exponent * 0.69314718055994530942 + 2 * s * series;
    }
}
