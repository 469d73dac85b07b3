using Foretell.Models.Numerics;

namespace Foretell.Models.Policies;

/// <summary>Sums for a linear regression whose squared coefficients count, too: rows may be added one by one, and be solved for any weight
/// of the penalty.</summary>
/// <remarks>Source: Hoerl, Kennard, Ridge Regression, Technometrics 1970.</remarks>
internal sealed class RidgeRegression(int features)
{
    private readonly double[] _products = new double[features * features];

    /// <summary>Adds a row's products with itself. Shape of x [features].</summary>
    public void Add(ReadOnlySpan<double> x)
    {
        for (int i = 0; i < features; i++)
        {
            double xi = x[i];
            Span<double> row = _products.AsSpan(i * features, i + 1);
            for (int j = 0; j <= i; j++)
            {
                row[j] += xi * x[j];
            }
        }
    }

    /// <summary>Adds all rows of another one.</summary>
    public void Add(RidgeRegression other)
    {
        for (int i = 0; i < _products.Length; i++)
        {
            _products[i] += other._products[i];
        }
    }

    /// <summary>Solves (X'X + penalty I) b = X'y, by Cholesky's factors.</summary>
    /// <param name="target">X'y. Shape [features].</param>
    /// <param name="penalty">Above 0.</param>
    public double[] Solve(ReadOnlySpan<double> target, double penalty)
    {
        double[] sums = (double[])_products.Clone(), b = target.ToArray();
        for (int i = 0; i < features; i++)
        {
            sums[i * features + i] += penalty;
        }
        // The penalty keeps the pivots away from 0, but for rounding.
        Cholesky.Solve(sums, features, b, 1, 1e-12 * penalty);
        return b;
    }
}
