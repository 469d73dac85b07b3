using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Layers;

/// <summary>y = x W + b over rows, with W and b in a parameter vector.</summary>
internal static unsafe class Linear
{
    /// <summary>This thread's copy of a transposed weight.</summary>
    [ThreadStatic]
    private static AlignedBuffer? s_transposed;

    /// <summary>Runs the layer.</summary>
    /// <param name="input">Shape [rows, weight.Rows] at <paramref name="inputRow"/> floats a row.</param>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="bias">Null for none.</param>
    /// <param name="output">Shape [rows, weight.Stride].</param>
    /// <param name="accumulate">Adds to the output.</param>
    public static void Forward(float* input, int inputRow, float* weights, Parameter weight, Parameter? bias, float* output, int rows,
        bool accumulate = false) =>
        MatMul.Run(input, inputRow, 1, weights + weight.Offset, weight.Stride, bias is null ? null : weights + bias.Offset,
            output, weight.Stride, rows, weight.Rows, weight.Stride, accumulate);

    /// <summary>Gradients: dW += x' dy, db += column sums of dy, dx (+)= dy W'.</summary>
    /// <param name="dOutput">Shape [rows, weight.Stride].</param>
    /// <param name="dInput">Output, or null. Shape [rows, weight.Rows padded to 16] at <paramref name="dInputRow"/> floats a row.</param>
    /// <param name="accumulate">Adds to <paramref name="dInput"/>.</param>
    /// <param name="gradient">Gradient vector, added to.</param>
    public static void Backward(float* input, int inputRow, float* weights, Parameter weight, Parameter? bias, float* dOutput,
        float* dInput, int dInputRow, int rows, bool accumulate, float* gradient)
    {
        int columns = weight.Stride;
        MatMul.Run(input, 1, inputRow, dOutput, columns, null, gradient + weight.Offset, columns, weight.Rows, rows, columns, true);
        if (bias is not null)
        {
            AddRows(dOutput, gradient + bias.Offset, rows, columns);
        }
        if (dInput == null)
        {
            return;
        }
        int padded = (weight.Rows + 15) / 16 * 16;
        if (s_transposed is null || s_transposed.Length < (long)padded * columns)
        {
            s_transposed?.Dispose();
            s_transposed = new AlignedBuffer((long)padded * columns);
        }
        float* transposed = s_transposed.Pointer, source = weights + weight.Offset;
        for (int j = 0; j < columns; j++)
        {
            for (int i = 0; i < padded; i++)
            {
                transposed[(nint)j * padded + i] = i < weight.Rows ? source[(nint)i * columns + j] : 0;
            }
        }
        MatMul.Run(dOutput, columns, 1, transposed, padded, null, dInput, dInputRow, rows, weight.Columns, padded, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(float* x, float* sum, int rows, int columns)
    {
        for (int row = 0; row < rows; row++, x += columns)
        {
            for (int j = 0; j < columns; j += 16)
            {
                (Vector512.Load(x + j) + Vector512.Load(sum + j)).Store(sum + j);
            }
        }
    }
}
