namespace Foretell.Models;

/// <summary>y = x W + b over rows, with W and b in a parameter vector.</summary>
internal static unsafe class Linear
{
    /// <summary>Runs the layer.</summary>
    /// <param name="input">Shape [rows, weight.Rows] at <paramref name="inputRow"/> floats a row.</param>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="bias">Null for none.</param>
    /// <param name="output">Shape [rows, weight.Stride].</param>
    /// <param name="accumulate">Adds to the output.</param>
    public static void Forward(float* input, int inputRow, float* weights, Parameter weight, Parameter? bias, float* output, int rows, bool accumulate = false) =>
        MatMul.Run(input, inputRow, 1, weights + weight.Offset, weight.Stride, bias is null ? null : weights + bias.Offset,
            output, weight.Stride, rows, weight.Rows, weight.Stride, accumulate);
}
