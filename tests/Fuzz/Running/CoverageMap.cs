using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Foretell.Fuzz.Running;

/// <summary>Which branches the instrumented code has taken, and how often: the map that SharpFuzz's instrumentation writes to.</summary>
/// <remarks>Source of the map and of its classes of counts: AFL, M. Zalewski, "Technical whitepaper for afl-fuzz".</remarks>
public sealed unsafe class CoverageMap : IDisposable
{
    private const int Bytes = 1 << 16;

    private readonly byte* _map;
    private readonly byte[] _seen = new byte[Bytes];
    private readonly bool _counts;

    // Instrumented code writes from its first line on, and threads of a target may still write when its campaign is over: they get a map
    // that nobody reads.
    private static readonly byte* s_idle = (byte*)NativeMemory.AllocZeroed(Bytes);

    /// <param name="counts">Whether another count of a branch is news, and not its first time alone.</param>
    public CoverageMap(bool counts)
    {
        _counts = counts;
        _map = (byte*)NativeMemory.AllocZeroed(Bytes);
        Trace.SharedMem = _map;
    }

    /// <summary>Lets instrumented code run while no map is there.</summary>
    public static void Idle() => Trace.SharedMem = s_idle;

    /// <summary>Branches that were taken.</summary>
    public int Points => _seen.Count(seen => seen != 0);

    /// <summary>Forgets what the input before took.</summary>
    public void Begin()
    {
        NativeMemory.Clear(_map, Bytes);
        Trace.PrevLocation = 0;
    }

    /// <summary>Adds what was taken since <see cref="Begin"/>.</summary>
    /// <returns>Whether there was anything new.</returns>
    public bool End()
    {
        bool isNews = false;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(new Span<byte>(_map, Bytes));
        for (int word = 0; word < words.Length; word++)
        {
            if (words[word] == 0)
            {
                continue;
            }
            for (int i = word * sizeof(ulong); i < (word + 1) * sizeof(ulong); i++)
            {
                // Counts of 1, 2, 3, 4 to 7, 8 to 15 and so on are told apart: a loop that goes round once more is no news.
                byte taken = _map[i] == 0 ? (byte)0 : _counts ? (byte)(1 << BitOperations.Log2(_map[i])) : (byte)1;
                isNews |= (taken & ~_seen[i]) != 0;
                _seen[i] |= taken;
            }
        }
        return isNews;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Idle();
        NativeMemory.Free(_map);
    }
}
