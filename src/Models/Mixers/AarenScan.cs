using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Aaren's parallel form: attention of a constant query over every prefix of a sequence, by a prefix scan.</summary>
/// <remarks>
/// A stretch of events is summarised per head by (log-mass, average, fade), fade being what passes over the
/// stretch takes from older scores. Joining two stretches is associative:
/// log-mass = ln(e^(a - fade_b) + e^b), averages weighted likewise, fades added. So chunks can be scanned apart
/// and joined afterwards. On a CPU one chunk a sequence is fastest, since heads and values fill the vectors.
/// Source: Feng et al. 2024, section 3.2 and appendix B; Blelloch 1990 for the two-level scan.
/// </remarks>
internal static unsafe class AarenScan
{
    /// <summary>Runs the scan over one sequence.</summary>
    /// <param name="scores">Shape [n, 16]; lanes from <paramref name="heads"/> on are ignored.</param>
    /// <param name="values">Shape [n, width].</param>
    /// <param name="gaps">Time since the previous event; the first is ignored. Shape [n].</param>
    /// <param name="timeDecay">Per head. Shape [16].</param>
    /// <param name="eventDecay">Per head. Shape [16].</param>
    /// <param name="averages">Output. Shape [n, width] at <paramref name="averageRow"/> floats a row.</param>
    /// <param name="logMass">Output; lanes from heads on are 0. Shape [n, 16] at <paramref name="logMassRow"/> floats a row.</param>
    /// <param name="gates">Output: share of each event in the average just after it. Shape [n, 16].</param>
    /// <param name="chunk">Events a chunk, 1 or more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* scores, float* values, float* gaps, float* timeDecay, float* eventDecay, int heads, int width,
        int n, float* averages, int averageRow, float* logMass, int logMassRow, float* gates, int chunk)
    {
        int headWidth = width / heads;
        var perTime = Vector512.Load(timeDecay);
        var perEvent = Vector512.Load(eventDecay);
        float* gate = stackalloc float[AarenLanes.Count];
        float* carry = stackalloc float[width];
        var carryHigh = Vector512.Create(AarenLanes.EmptyLogMass);
        var carryLow = Vector512<float>.Zero;
        new Span<float>(carry, width).Clear();

        for (int start = 0; start < n; start += chunk)
        {
            int end = Math.Min(n, start + chunk);

            // Within the chunk: the recurrence from an empty state.
            var high = Vector512.Create(AarenLanes.EmptyLogMass);
            var low = Vector512<float>.Zero;
            var faded = Vector512<float>.Zero;
            for (int t = start; t < end; t++)
            {
                var fade = t == 0 ? Vector512<float>.Zero : Vector512.FusedMultiplyAdd(perTime, Vector512.Create(gaps[t]), perEvent);
                faded += fade;
                var score = Vector512.Load(scores + (nint)t * AarenLanes.Count);
                AarenLanes.Advance(ref high, ref low, score, fade).Store(gate);
                Lerp(t == start ? null : averages + (nint)(t - 1) * averageRow, values + (nint)t * width, gate,
                    averages + (nint)t * averageRow, heads, headWidth);

                // Join with everything before the chunk: the carry fades by all that has passed since.
                if (start > 0)
                {
                    Vector512<float> joinedHigh = carryHigh, joinedLow = carryLow;
                    var share = AarenLanes.Advance(ref joinedHigh, ref joinedLow, high + low, faded);
                    share.Store(logMass + (nint)t * logMassRow);
                    (joinedHigh + joinedLow).Store(gates + (nint)t * AarenLanes.Count);
                }
                else
                {
                    (high + low).Store(gates + (nint)t * AarenLanes.Count);
                }
            }

            // The local averages fed the recurrence above, so they are joined only now that the chunk is done.
            if (start > 0)
            {
                for (int t = start; t < end; t++)
                {
                    Lerp(carry, averages + (nint)t * averageRow, logMass + (nint)t * logMassRow, averages + (nint)t * averageRow, heads,
                        headWidth);
                }
                AarenLanes.Advance(ref carryHigh, ref carryLow, high + low, faded);
            }
            else
            {
                (carryHigh, carryLow) = (high, low);
            }
            Unsafe.CopyBlock(carry, averages + (nint)(end - 1) * averageRow, (uint)width * sizeof(float));

            var lane = Vector512.CreateSequence(0, 1);
            var used = Vector512.LessThan(lane, Vector512.Create(heads)).AsSingle();
            for (int t = start; t < end; t++)
            {
                var mass = Vector512.Load(gates + (nint)t * AarenLanes.Count);
                var score = Vector512.Load(scores + (nint)t * AarenLanes.Count);
                VectorMath.Exp(Vector512.Min(score - mass, Vector512<float>.Zero)).Store(gates + (nint)t * AarenLanes.Count);
                (mass.AsInt32() & used.AsInt32()).AsSingle().Store(logMass + (nint)t * logMassRow);
            }
        }
    }

    /// <summary>Gradients of <see cref="Forward"/>. All outputs are added to but dValues and dScores, which are written.</summary>
    /// <param name="dAverages">Gradient of the averages; overwritten with what flows back in time. Shape [n, width].</param>
    /// <param name="dLogMass">Gradient of the log-mass, or null when it is not used. Shape [n, 16].</param>
    /// <param name="dTimeDecay">Shape [16].</param>
    /// <param name="dEventDecay">Shape [16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* values, float* gaps, float* averages, int averageRow, float* gates, int heads, int width, int n,
        float* dAverages, int dAverageRow, float* dLogMass, int dLogMassRow, float* dValues, float* dScores, float* dTimeDecay,
            float* dEventDecay)
    {
        int headWidth = width / heads;
        float* dGate = stackalloc float[AarenLanes.Count];
        new Span<float>(dGate, AarenLanes.Count).Clear();
        var massGradient = Vector512<float>.Zero;
        var timeGradient = Vector512.Load(dTimeDecay);
        var eventGradient = Vector512.Load(dEventDecay);
        float* empty = stackalloc float[width];
        new Span<float>(empty, width).Clear();
        var lane = Vector512.CreateSequence(0, 1);
        var used = Vector512.LessThan(lane, Vector512.Create(heads)).AsSingle();

        for (int t = n - 1; t >= 0; t--)
        {
            float* before = t == 0 ? empty : averages + (nint)(t - 1) * averageRow;
            float* flow = dAverages + (nint)t * dAverageRow;
            float* flowBefore = t == 0 ? null : dAverages + (nint)(t - 1) * dAverageRow;
            float* value = values + (nint)t * width;
            float* dValue = dValues + (nint)t * width;
            float* gate = gates + (nint)t * AarenLanes.Count;
            for (int h = 0; h < heads; h++)
            {
                float g = t == 0 ? 1 : gate[h], dot = 0;
                for (int j = h * headWidth; j < (h + 1) * headWidth; j++)
                {
                    dValue[j] = g * flow[j];
                    dot += flow[j] * (value[j] - before[j]);
                    if (flowBefore != null)
                    {
                        flowBefore[j] += (1 - g) * flow[j];
                    }
                }
                dGate[h] = dot;
            }

            if (dLogMass != null)
            {
                massGradient += (Vector512.Load(dLogMass + (nint)t * dLogMassRow).AsInt32() & used.AsInt32()).AsSingle();
            }
            var share = t == 0 ? Vector512<float>.One : Vector512.Load(gate);
            var keep = Vector512<float>.One - share;
            var through = Vector512.Load(dGate) * share * keep;
            Vector512.FusedMultiplyAdd(massGradient, share, through).Store(dScores + (nint)t * AarenLanes.Count);
            massGradient = Vector512.FusedMultiplyAdd(massGradient, keep, -through);
            timeGradient = Vector512.FusedMultiplyAdd(massGradient, Vector512.Create(t == 0 ? 0 : -gaps[t]), timeGradient);
            eventGradient -= t == 0 ? Vector512<float>.Zero : massGradient;
        }
        timeGradient.Store(dTimeDecay);
        eventGradient.Store(dEventDecay);
    }

    /// <summary>result = before + gate * (value - before), head by head; before null is an empty average.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lerp(float* before, float* value, float* gate, float* result, int heads, int headWidth)
    {
        if (before == null)
        {
            Unsafe.CopyBlock(result, value, (uint)(heads * headWidth) * sizeof(float));
            return;
        }
        for (int h = 0; h < heads; h++)
        {
            float g = gate[h];
            int j = h * headWidth, end = j + headWidth;
            var gates = Vector512.Create(g);
            for (; j + 16 <= end; j += 16)
            {
                var b = Vector512.Load(before + j);
                Vector512.FusedMultiplyAdd(gates, Vector512.Load(value + j) - b, b).Store(result + j);
            }
            for (; j < end; j++)
            {
                result[j] = MathF.FusedMultiplyAdd(g, value[j] - before[j], before[j]);
            }
        }
    }
}
