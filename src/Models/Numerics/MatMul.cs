using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models.Numerics;

/// <summary>Dense matrix product C (+)= A B on float, vectorised over the columns of B.</summary>
/// <remarks>
/// Every element of C is one chain of fused multiply-adds over k in ascending order that starts from the bias
/// and C. No tile, batch or thread changes that chain, so results are the same bit for bit (law 5).
/// The 6 x 64 tile keeps 24 accumulators in registers; it stays within 32 vector registers.
/// </remarks>
internal static unsafe class MatMul
{
    /// <summary>Columns of a tile: four vectors.</summary>
    public const int PanelColumns = 64;

    /// <summary>Rows from which on copying B's columns to a panel pays. Rows of B that lie 1 KB apart share a few sets of
    /// the first-level cache and push each other out of it.</summary>
    private const int PackRows = 24;

    [ThreadStatic]
    private static AlignedBuffer? s_panel;

    /// <summary>C = A B + bias, or C += A B + bias where <paramref name="accumulate"/>; a null bias adds nothing.</summary>
    /// <param name="a">A; element (i, j) at a[i * aRow + j * aColumn]. Shape [rows, inner].</param>
    /// <param name="b">B, row-major. Shape [inner, columns].</param>
    /// <param name="bRow">Floats from one row of B to the next.</param>
    /// <param name="bias">One value a column, or null. Shape [columns].</param>
    /// <param name="c">C, row-major; may not overlap A or B. Shape [rows, columns].</param>
    /// <param name="cRow">Floats from one row of C to the next.</param>
    /// <param name="columns">A multiple of 16.</param>
    public static void Run(float* a, int aRow, int aColumn, float* b, int bRow, float* bias, float* c, int cRow,
        int rows, int inner, int columns, bool accumulate)
    {
        int column = 0;
        bool pack = bRow > PanelColumns && rows >= PackRows;
        for (; column + PanelColumns <= columns; column += PanelColumns)
        {
            float* start = bias == null ? null : bias + column;
            float* panel = pack ? Pack(b + column, bRow, inner) : b + column;
            int panelRow = pack ? PanelColumns : bRow;
            int row = 0;
            for (; row + 6 <= rows; row += 6)
            {
                Tile6x64(a + (nint)row * aRow, aRow, aColumn, panel, panelRow, start, c + (nint)row * cRow + column, cRow, inner,
                    accumulate);
            }
            for (; row + 2 <= rows; row += 2)
            {
                Tile2x64(a + (nint)row * aRow, aRow, aColumn, panel, panelRow, start, c + (nint)row * cRow + column, cRow, inner,
                    accumulate);
            }
            if (row < rows)
            {
                Tile1x64(a + (nint)row * aRow, aColumn, panel, panelRow, start, c + (nint)row * cRow + column, inner, accumulate);
            }
        }
        for (; column < columns; column += 16)
        {
            float* start = bias == null ? null : bias + column;
            int row = 0;
            for (; row + 8 <= rows; row += 8)
            {
                Tile8x16(a + (nint)row * aRow, aRow, aColumn, b + column, bRow, start, c + (nint)row * cRow + column, cRow, inner,
                    accumulate);
            }
            for (; row < rows; row++)
            {
                Tile1x16(a + (nint)row * aRow, aColumn, b + column, bRow, start, c + (nint)row * cRow + column, inner, accumulate);
            }
        }
    }

    /// <summary>Copies 64 columns of B to one dense panel of this thread's.</summary>
    private static float* Pack(float* b, int bRow, int inner)
    {
        if (s_panel is null || s_panel.Length < (long)inner * PanelColumns)
        {
            s_panel?.Dispose();
            s_panel = new AlignedBuffer((long)inner * PanelColumns);
        }
        float* panel = s_panel.Pointer;
        for (int k = 0; k < inner; k++, b += bRow, panel += PanelColumns)
        {
            Vector512.Load(b).Store(panel);
            Vector512.Load(b + 16).Store(panel + 16);
            Vector512.Load(b + 32).Store(panel + 32);
            Vector512.Load(b + 48).Store(panel + 48);
        }
        return s_panel.Pointer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Start(float* bias, float* c, int offset, bool accumulate) =>
        !accumulate ? (bias == null ? Vector512<float>.Zero : Vector512.Load(bias + offset))
        : bias == null ? Vector512.Load(c + offset) : Vector512.Load(c + offset) + Vector512.Load(bias + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Fma(Vector512<float> x, Vector512<float> y, Vector512<float> sum) =>
        Vector512.FusedMultiplyAdd(x, y, sum);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x64(float* a, int aRow, int aColumn, float* b, int bRow, float* bias, float* c, int cRow, int inner,
        bool accumulate)
    {
        float* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow, c4 = c3 + cRow, c5 = c4 + cRow;
        Vector512<float> s00 = Start(bias, c, 0, accumulate), s01 = Start(bias, c, 16, accumulate), s02 = Start(bias, c, 32, accumulate),
            s03 = Start(bias, c, 48, accumulate);
        Vector512<float> s10 = Start(bias, c1, 0, accumulate), s11 = Start(bias, c1, 16, accumulate),
            s12 = Start(bias, c1, 32, accumulate), s13 = Start(bias, c1, 48, accumulate);
        Vector512<float> s20 = Start(bias, c2, 0, accumulate), s21 = Start(bias, c2, 16, accumulate),
            s22 = Start(bias, c2, 32, accumulate), s23 = Start(bias, c2, 48, accumulate);
        Vector512<float> s30 = Start(bias, c3, 0, accumulate), s31 = Start(bias, c3, 16, accumulate),
            s32 = Start(bias, c3, 32, accumulate), s33 = Start(bias, c3, 48, accumulate);
        Vector512<float> s40 = Start(bias, c4, 0, accumulate), s41 = Start(bias, c4, 16, accumulate),
            s42 = Start(bias, c4, 32, accumulate), s43 = Start(bias, c4, 48, accumulate);
        Vector512<float> s50 = Start(bias, c5, 0, accumulate), s51 = Start(bias, c5, 16, accumulate),
            s52 = Start(bias, c5, 32, accumulate), s53 = Start(bias, c5, 48, accumulate);
        nint r1 = aRow, r2 = 2 * r1, r3 = 3 * r1, r4 = 4 * r1, r5 = 5 * r1;
        for (int k = 0; k < inner; k++)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            var x = Vector512.Create(a[0]);
            s00 = Fma(x, b0, s00); s01 = Fma(x, b1, s01); s02 = Fma(x, b2, s02); s03 = Fma(x, b3, s03);
            x = Vector512.Create(a[r1]);
            s10 = Fma(x, b0, s10); s11 = Fma(x, b1, s11); s12 = Fma(x, b2, s12); s13 = Fma(x, b3, s13);
            x = Vector512.Create(a[r2]);
            s20 = Fma(x, b0, s20); s21 = Fma(x, b1, s21); s22 = Fma(x, b2, s22); s23 = Fma(x, b3, s23);
            x = Vector512.Create(a[r3]);
            s30 = Fma(x, b0, s30); s31 = Fma(x, b1, s31); s32 = Fma(x, b2, s32); s33 = Fma(x, b3, s33);
            x = Vector512.Create(a[r4]);
            s40 = Fma(x, b0, s40); s41 = Fma(x, b1, s41); s42 = Fma(x, b2, s42); s43 = Fma(x, b3, s43);
            x = Vector512.Create(a[r5]);
            s50 = Fma(x, b0, s50); s51 = Fma(x, b1, s51); s52 = Fma(x, b2, s52); s53 = Fma(x, b3, s53);
            a += aColumn;
            b += bRow;
        }
        s00.Store(c); s01.Store(c + 16); s02.Store(c + 32); s03.Store(c + 48);
        s10.Store(c1); s11.Store(c1 + 16); s12.Store(c1 + 32); s13.Store(c1 + 48);
        s20.Store(c2); s21.Store(c2 + 16); s22.Store(c2 + 32); s23.Store(c2 + 48);
        s30.Store(c3); s31.Store(c3 + 16); s32.Store(c3 + 32); s33.Store(c3 + 48);
        s40.Store(c4); s41.Store(c4 + 16); s42.Store(c4 + 32); s43.Store(c4 + 48);
        s50.Store(c5); s51.Store(c5 + 16); s52.Store(c5 + 32); s53.Store(c5 + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x64(float* a, int aRow, int aColumn, float* b, int bRow, float* bias, float* c, int cRow, int inner,
        bool accumulate)
    {
        float* c1 = c + cRow;
        Vector512<float> s00 = Start(bias, c, 0, accumulate), s01 = Start(bias, c, 16, accumulate), s02 = Start(bias, c, 32, accumulate),
            s03 = Start(bias, c, 48, accumulate);
        Vector512<float> s10 = Start(bias, c1, 0, accumulate), s11 = Start(bias, c1, 16, accumulate),
            s12 = Start(bias, c1, 32, accumulate), s13 = Start(bias, c1, 48, accumulate);
        for (int k = 0; k < inner; k++)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            var x = Vector512.Create(a[0]);
            s00 = Fma(x, b0, s00); s01 = Fma(x, b1, s01); s02 = Fma(x, b2, s02); s03 = Fma(x, b3, s03);
            x = Vector512.Create(a[(nint)aRow]);
            s10 = Fma(x, b0, s10); s11 = Fma(x, b1, s11); s12 = Fma(x, b2, s12); s13 = Fma(x, b3, s13);
            a += aColumn;
            b += bRow;
        }
        s00.Store(c); s01.Store(c + 16); s02.Store(c + 32); s03.Store(c + 48);
        s10.Store(c1); s11.Store(c1 + 16); s12.Store(c1 + 32); s13.Store(c1 + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x64(float* a, int aColumn, float* b, int bRow, float* bias, float* c, int inner, bool accumulate)
    {
        Vector512<float> s0 = Start(bias, c, 0, accumulate), s1 = Start(bias, c, 16, accumulate), s2 = Start(bias, c, 32, accumulate),
            s3 = Start(bias, c, 48, accumulate);
        for (int k = 0; k < inner; k++)
        {
            var x = Vector512.Create(a[0]);
            s0 = Fma(x, Vector512.Load(b), s0); s1 = Fma(x, Vector512.Load(b + 16), s1);
            s2 = Fma(x, Vector512.Load(b + 32), s2); s3 = Fma(x, Vector512.Load(b + 48), s3);
            a += aColumn;
            b += bRow;
        }
        s0.Store(c); s1.Store(c + 16); s2.Store(c + 32); s3.Store(c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x16(float* a, int aRow, int aColumn, float* b, int bRow, float* bias, float* c, int cRow, int inner,
        bool accumulate)
    {
        float* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow, c4 = c3 + cRow, c5 = c4 + cRow, c6 = c5 + cRow, c7 = c6 + cRow;
        Vector512<float> s0 = Start(bias, c, 0, accumulate), s1 = Start(bias, c1, 0, accumulate), s2 = Start(bias, c2, 0, accumulate),
            s3 = Start(bias, c3, 0, accumulate);
        Vector512<float> s4 = Start(bias, c4, 0, accumulate), s5 = Start(bias, c5, 0, accumulate), s6 = Start(bias, c6, 0, accumulate),
            s7 = Start(bias, c7, 0, accumulate);
        nint r1 = aRow, r2 = 2 * r1, r3 = 3 * r1, r4 = 4 * r1, r5 = 5 * r1, r6 = 6 * r1, r7 = 7 * r1;
        for (int k = 0; k < inner; k++)
        {
            var y = Vector512.Load(b);
            s0 = Fma(Vector512.Create(a[0]), y, s0); s1 = Fma(Vector512.Create(a[r1]), y, s1);
            s2 = Fma(Vector512.Create(a[r2]), y, s2); s3 = Fma(Vector512.Create(a[r3]), y, s3);
            s4 = Fma(Vector512.Create(a[r4]), y, s4); s5 = Fma(Vector512.Create(a[r5]), y, s5);
            s6 = Fma(Vector512.Create(a[r6]), y, s6); s7 = Fma(Vector512.Create(a[r7]), y, s7);
            a += aColumn;
            b += bRow;
        }
        s0.Store(c); s1.Store(c1); s2.Store(c2); s3.Store(c3); s4.Store(c4); s5.Store(c5); s6.Store(c6); s7.Store(c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x16(float* a, int aColumn, float* b, int bRow, float* bias, float* c, int inner, bool accumulate)
    {
        var s = Start(bias, c, 0, accumulate);
        for (int k = 0; k < inner; k++)
        {
            s = Fma(Vector512.Create(a[0]), Vector512.Load(b), s);
            a += aColumn;
            b += bRow;
        }
        s.Store(c);
    }
}
