using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Layers;

/// <summary>Layer normalisation over a row: y = gain * (x - mean) / sqrt(variance + 1e-5) + bias. Source: Ba, Kiros, Hinton 2016.</summary>
internal static unsafe class LayerNorm
{
    private const float Epsilon = 1e-5f;

    /// <summary>Normalises rows.</summary>
    /// <param name="x">Input. Shape [rows, width], width a multiple of 16.</param>
    /// <param name="gain">Shape [width].</param>
    /// <param name="bias">Shape [width].</param>
    /// <param name="y">Output; may be x. Shape [rows, width].</param>
    /// <param name="normal">(x - mean) / deviation for the backward pass, or null. Shape [rows, width].</param>
    /// <param name="inverseDeviation">1 / deviation for the backward pass, or null. Shape [rows].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* x, float* gain, float* bias, float* y, float* normal, float* inverseDeviation, int rows, int width)
    {
        for (int row = 0; row < rows; row++, x += width, y += width)
        {
            var sum = Vector512.Load(x);
            for (int j = 16; j < width; j += 16)
            {
                sum += Vector512.Load(x + j);
            }
            var mean = Vector512.Create(VectorMath.Sum(sum) / width);
            var squares = Vector512<float>.Zero;
            for (int j = 0; j < width; j += 16)
            {
                var centred = Vector512.Load(x + j) - mean;
                squares = Vector512.FusedMultiplyAdd(centred, centred, squares);
            }
            float scale = 1f / MathF.Sqrt(VectorMath.Sum(squares) / width + Epsilon);
            var scales = Vector512.Create(scale);
            for (int j = 0; j < width; j += 16)
            {
                var n = (Vector512.Load(x + j) - mean) * scales;
                if (normal != null)
                {
                    n.Store(normal + j);
                }
                Vector512.FusedMultiplyAdd(n, Vector512.Load(gain + j), Vector512.Load(bias + j)).Store(y + j);
            }
            if (normal != null)
            {
                normal += width;
                inverseDeviation[row] = scale;
            }
        }
    }

    /// <summary>Adds the gradient with respect to x, and accumulates those of gain and bias.</summary>
    /// <param name="dy">Gradient of y. Shape [rows, width].</param>
    /// <param name="dx">Gradient of x, added to. Shape [rows, width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* dy, float* normal, float* inverseDeviation, float* gain, float* dGain, float* dBias, float* dx,
        int rows, int width)
    {
        for (int row = 0; row < rows; row++, dy += width, normal += width, dx += width)
        {
            Vector512<float> sum = Vector512<float>.Zero, dot = Vector512<float>.Zero;
            for (int j = 0; j < width; j += 16)
            {
                var g = Vector512.Load(dy + j);
                var n = Vector512.Load(normal + j);
                Vector512.FusedMultiplyAdd(g, n, Vector512.Load(dGain + j)).Store(dGain + j);
                (Vector512.Load(dBias + j) + g).Store(dBias + j);
                g *= Vector512.Load(gain + j);
                sum += g;
                dot = Vector512.FusedMultiplyAdd(g, n, dot);
            }
            var meanGradient = Vector512.Create(VectorMath.Sum(sum) / width);
            var meanDot = Vector512.Create(VectorMath.Sum(dot) / width);
            var scale = Vector512.Create(inverseDeviation[row]);
            for (int j = 0; j < width; j += 16)
            {
                var g = Vector512.Load(dy + j) * Vector512.Load(gain + j) - meanGradient;
                g = Vector512.FusedMultiplyAdd(-Vector512.Load(normal + j), meanDot, g);
                Vector512.FusedMultiplyAdd(g, scale, Vector512.Load(dx + j)).Store(dx + j);
            }
        }
    }
}
