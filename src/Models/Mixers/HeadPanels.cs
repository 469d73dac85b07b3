using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Copies between rows [n, d] and a panel a head [H, n, d_h padded to 16], or its transpose [d, n padded to 16]: the
/// shapes that the matrix product reads.</summary>
internal sealed unsafe class HeadPanels(int width, int heads)
{
    private readonly int _headWidth = width / heads;

    /// <summary>Floats of a panel's row.</summary>
    public int Row { get; } = Padded(width / heads);

    /// <summary>A number of events padded to whole vectors.</summary>
    public static int Padded(int n) => (n + 15) / 16 * 16;

    /// <summary>Width of the heads together.</summary>
    public int Width => width;

    /// <summary>Floats of all heads' panels.</summary>
    public long Floats(int n) => (long)heads * n * Row;

    /// <summary>One head's panel.</summary>
    public float* Of(AlignedBuffer panels, int head, int n) => panels.Pointer + (nint)head * n * Row;

    /// <summary>Floats of all heads' transposes.</summary>
    public long TransposedFloats(int n) => (long)width * Padded(n);

    /// <summary>One head's transpose. Shape [d_h, n padded to 16].</summary>
    public float* Transposed(AlignedBuffer transposed, int head, int n) => transposed.Pointer + (nint)head * _headWidth * Padded(n);

    /// <summary>Copies rows into panels. What pads a panel's row only reaches what pads a result's.</summary>
    public void Split(float* rows, int stride, AlignedBuffer panels, int n)
    {
        for (int head = 0; head < heads; head++)
        {
            float* panel = Of(panels, head, n);
            for (int t = 0; t < n; t++, panel += Row)
            {
                new Span<float>(rows + (nint)t * stride + head * _headWidth, _headWidth).CopyTo(new Span<float>(panel, _headWidth));
            }
        }
    }

    /// <summary>Copies panels back into rows.</summary>
    public void Join(AlignedBuffer panels, float* rows, int stride, int n)
    {
        for (int head = 0; head < heads; head++)
        {
            float* panel = Of(panels, head, n);
            for (int t = 0; t < n; t++, panel += Row)
            {
                new Span<float>(panel, _headWidth).CopyTo(new Span<float>(rows + (nint)t * stride + head * _headWidth, _headWidth));
            }
        }
    }

    /// <summary>Transposes rows; columns past n are 0.</summary>
    public void Transpose(float* rows, AlignedBuffer transposed, int n)
    {
        int padded = Padded(n);
        for (int j = 0; j < width; j++)
        {
            float* line = transposed.Pointer + (nint)j * padded;
            for (int t = 0; t < padded; t++)
            {
                line[t] = t < n ? rows[(nint)t * width + j] : 0;
            }
        }
    }
}
