namespace Foretell.Support;

/// <summary>Memory that code takes once the runtime has optimised it: before that, what never leaves a method is allocated, too.</summary>
public static class Allocations
{
    private const int Rounds = 30;

    /// <summary>The fewest bytes that one of some rounds allocates on this thread.</summary>
    /// <param name="enough">Ends with the first round that allocates no more.</param>
    /// <param name="prepare">Makes what the given round runs; not measured.</param>
    public static long Least(long enough, Func<int, Action> prepare)
    {
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > enough; round++)
        {
            Action run = prepare(round);
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
