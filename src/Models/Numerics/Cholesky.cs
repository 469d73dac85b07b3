namespace Foretell.Models.Numerics;

/// <summary>Systems of a symmetric, positive definite matrix, by Cholesky's factors.</summary>
internal static class Cholesky
{
    /// <summary>Solves A B = X in the place of X, with the factors in the place of A.</summary>
    /// <param name="a">Its lower triangle is read. Shape [n, n].</param>
    /// <param name="n">Rows.</param>
    /// <param name="x">Shape [n, columns].</param>
    /// <param name="columns">Columns of X.</param>
    /// <param name="leastPivot">What a pivot is at least, where rounding would take it to 0 or below.</param>
    public static void Solve(double[] a, int n, double[] x, int columns, double leastPivot)
    {
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = a[i * n + j];
                for (int k = 0; k < j; k++)
                {
                    sum -= a[i * n + k] * a[j * n + k];
                }
                a[i * n + j] = i == j ? Math.Sqrt(Math.Max(sum, leastPivot)) : sum / a[j * n + j];
            }
        }
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
            {
                Subtract(i, k, a[i * n + k]);
            }
            Divide(i);
        }
        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                Subtract(i, k, a[k * n + i]);
            }
            Divide(i);
        }

        void Subtract(int row, int other, double factor)
        {
            Span<double> to = x.AsSpan(row * columns, columns);
            ReadOnlySpan<double> from = x.AsSpan(other * columns, columns);
            for (int j = 0; j < to.Length; j++)
            {
                to[j] -= factor * from[j];
            }
        }

        void Divide(int row)
        {
            foreach (ref double value in x.AsSpan(row * columns, columns))
            {
                value /= a[row * n + row];
            }
        }
    }
}
