using System.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>One stream whose events within a horizon are to be counted. Time units.</summary>
/// <param name="State">Its row, with its tail.</param>
/// <param name="Next">What is left of the gap before its next event.</param>
/// <param name="Coming">Probability that a next event comes at all.</param>
/// <param name="Horizon">Time from now, above 0.</param>
internal sealed record CountQuestion(ReadOnlyMemory<float> State, RemainingGap Next, double Coming, double Horizon)
{
    /// <summary>Index of a mark that the stream's next event has, at once: an action that is taken now. Null where the next event comes as
    /// it does.</summary>
    public int? Action { get; init; }

    /// <summary>A number that says which state this is: of its row and its silence.</summary>
    public long Fingerprint { get; } = Hash(State.Span, Next.Silence);

    /// <summary>Probability of an event within the horizon, given that one comes.</summary>
    public double Within { get; } = Math.Min(1, Next.ProbabilityWithin(Horizon));

    private static long Hash(ReadOnlySpan<float> state, double silence)
    {
        ulong hash = BitConverter.DoubleToUInt64Bits(silence);
        foreach (float x in state)
        {
            hash = (BitOperations.RotateLeft(hash, 5) ^ BitConverter.SingleToUInt32Bits(x)) * 0x9E3779B97F4A7C15;
        }
        return (long)hash;
    }
}
