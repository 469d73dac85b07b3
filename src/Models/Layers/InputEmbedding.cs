using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models.Layers;

/// <summary>How an event enters the network: mark embedding + z x gap vector (or the first-event vector) + bias.</summary>
internal static unsafe class InputEmbedding
{
    /// <summary>Writes one event's embedding.</summary>
    /// <param name="mark">Embedding of its mark. Shape [d].</param>
    /// <param name="gap">Gap vector, then first-event vector. Shape [2, d].</param>
    /// <param name="z">Standardised log gap; ignored for a first event.</param>
    /// <param name="x">Output. Shape [d].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(float* mark, float* gap, float* bias, bool first, float z, float* x, int d)
    {
        var factor = Vector512.Create(first ? 1 : z);
        float* vector = first ? gap + d : gap;
        for (int j = 0; j < d; j += 16)
        {
            var known = Vector512.Load(mark + j) + Vector512.Load(bias + j);
            Vector512.FusedMultiplyAdd(factor, Vector512.Load(vector + j), known).Store(x + j);
        }
    }

    /// <summary>Adds one event's gradients.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* dx, bool first, float z, float* dMark, float* dGap, float* dBias, int d)
    {
        var factor = Vector512.Create(first ? 1 : z);
        float* vector = first ? dGap + d : dGap;
        for (int j = 0; j < d; j += 16)
        {
            var g = Vector512.Load(dx + j);
            (Vector512.Load(dMark + j) + g).Store(dMark + j);
            (Vector512.Load(dBias + j) + g).Store(dBias + j);
            Vector512.FusedMultiplyAdd(factor, g, Vector512.Load(vector + j)).Store(vector + j);
        }
    }
}
