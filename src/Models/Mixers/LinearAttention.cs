using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>The arithmetic of linear attention on one layer's state (<see cref="LinearMixer"/>), d features at once, one feature
/// a lane.</summary>
/// <remarks>
/// Folding an event in is Aaren's step for each feature, with score ln phi(k). Reading weighs the features' averages by
/// phi(q)_i z_i, normalised over the head: phi(q)'S / phi(q)'z of the paper, with nothing but ratios of masses.
/// Where a head's width is no multiple of 16, vectors reach into what lies behind; those lanes are never kept.
/// </remarks>
internal static unsafe class LinearAttention
{
    /// <summary>Floats that inputs and outputs need behind their last element.</summary>
    public const int Slack = 16;

    /// <summary>ln phi(x) with phi = elu + 1, in place. Source: the paper, equation 7.</summary>
    public static void LogFeatures(float* x, int length)
    {
        for (int i = 0; i < length; i += 16)
        {
            var v = Vector512.Load(x + i);
            var positive = Vector512.Max(v, Vector512<float>.Zero);
            Vector512.ConditionalSelect(Vector512.GreaterThan(v, Vector512<float>.Zero), VectorMath.Log(Vector512<float>.One + positive), v)
                .Store(x + i);
        }
    }

    /// <summary>Multiplies gradients of ln phi(x) by its derivative: 1 where it is not positive, else 1 / (1 + x) = exp(-ln phi).</summary>
    public static void LogFeaturesBackward(float* logFeatures, float* gradient, int length)
    {
        for (int i = 0; i < length; i += 16)
        {
            var positive = Vector512.Max(Vector512.Load(logFeatures + i), Vector512<float>.Zero);
            (Vector512.Load(gradient + i) * VectorMath.Exp(-positive)).Store(gradient + i);
        }
    }

    /// <summary>Folds an event in.</summary>
    /// <param name="state">The layer's state.</param>
    /// <param name="logKeys">ln phi(k). Shape [d].</param>
    /// <param name="values">Shape [d].</param>
    /// <param name="timeDecay">Per feature. Shape [d].</param>
    /// <param name="eventDecay">Per feature. Shape [d].</param>
    /// <param name="gap">Time since the previous event.</param>
    /// <param name="first">The stream's first event: nothing fades.</param>
    /// <param name="gates">Output: the event's share in each feature's average. Shape [d].</param>
    /// <param name="firstElement">Index of the layer's first average among all of the row's, for the rounding.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Advance<TRounding>(float* state, float* logKeys, float* values, float* timeDecay, float* eventDecay, float gap,
        bool first,
        float* gates, int width, int headWidth, TRounding rounding, uint firstElement) where TRounding : struct, IRounding
    {
        float* mass = state + (nint)width * headWidth;
        for (int i = 0; i < width; i += 16)
        {
            Vector512<float> high = Vector512.Load(mass + i), low = Vector512.Load(mass + width + i);
            var fade = first ? Vector512<float>.Zero
                : Vector512.FusedMultiplyAdd(Vector512.Load(timeDecay + i), Vector512.Create(gap), Vector512.Load(eventDecay + i));
            AarenLanes.Advance(ref high, ref low, Vector512.Load(logKeys + i), fade).Store(gates + i);
            high.Store(mass + i);
            low.Store(mass + width + i);
        }
        var tail = Tail(headWidth);
        float* average = state;
        for (int i = 0; i < width; i++, average += headWidth)
        {
            float* value = values + i / headWidth * headWidth;
            var gate = Vector512.Create(gates[i]);
            for (int j = 0; j < headWidth; j += 16)
            {
                var before = Vector512.Load(average + j);
                var after = rounding.Lerp(before, Vector512.Load(value + j), gate, firstElement + (uint)(i * headWidth + j));
                (j + 16 > headWidth ? Vector512.ConditionalSelect(tail, after, before) : after).Store(average + j);
            }
        }
    }

    /// <summary>Reads the state.</summary>
    /// <param name="logQueries">ln phi(q). Shape [d].</param>
    /// <param name="shares">Output: each feature's weight; those of a head sum to 1. Shape [d].</param>
    /// <param name="output">Output: values [d], log-mass ln(phi(q)'z) of each head [16], 0 past the heads.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(float* state, float* logQueries, float* shares, float* output, int width, int headWidth)
    {
        float* mass = state + (nint)width * headWidth;
        for (int i = 0; i < width; i += 16)
        {
            (Vector512.Load(logQueries + i) + (Vector512.Load(mass + i) + Vector512.Load(mass + width + i))).Store(shares + i);
        }
        float* logMass = stackalloc float[Mixer.MaxHeads], total = stackalloc float[Mixer.MaxHeads];
        new Span<float>(logMass, Mixer.MaxHeads).Clear();
        new Span<float>(total, Mixer.MaxHeads).Fill(1);
        var tail = Tail(headWidth);
        for (int head = 0, start = 0; start < width; head++, start += headWidth)
        {
            float largest = shares[start];
            for (int i = start + 1; i < start + headWidth; i++)
            {
                largest = shares[i] > largest ? shares[i] : largest;
            }
            var sum = Vector512<float>.Zero;
            for (int i = 0; i < headWidth; i += 16)
            {
                var logs = Vector512.Load(shares + start + i);
                var weight = VectorMath.Weight(logs - Vector512.Create(largest));
                weight = i + 16 > headWidth ? Vector512.ConditionalSelect(tail, weight, Vector512<float>.Zero) : weight;
                sum += weight;
                (i + 16 > headWidth ? Vector512.ConditionalSelect(tail, weight, logs) : weight).Store(shares + start + i);
            }
            (logMass[head], total[head]) = (largest, VectorMath.Sum(sum));
            float inverse = 1 / total[head];
            for (int i = start; i < start + headWidth; i++)
            {
                shares[i] *= inverse;
            }
            // Heads come in ascending order: what a narrow head writes past its end, the next one or the log-masses overwrite.
            for (int j = 0; j < headWidth; j += 16)
            {
                var value = Vector512<float>.Zero;
                for (int i = start; i < start + headWidth; i++)
                {
                    value = Vector512.FusedMultiplyAdd(Vector512.Create(shares[i]), Vector512.Load(state + (nint)i * headWidth + j), value);
                }
                value.Store(output + start + j);
            }
        }
        (Vector512.Load(logMass) + VectorMath.Log(Vector512.Load(total))).Store(output + width);
    }

    /// <summary>Lanes of a head's last vector that belong to it.</summary>
    public static Vector512<float> Tail(int headWidth) =>
        Vector512.LessThan(Vector512.CreateSequence(0, 1), Vector512.Create((headWidth - 1) % 16 + 1)).AsSingle();
}
