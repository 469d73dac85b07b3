namespace Foretell.Models.Tests.PointProcess;

internal static class AssertEx
{
    /// <summary>Equal within a share of the expected value; two zeros (or numbers below the smallest double) are equal.</summary>
    public static void Relative(double expected, double actual, double tolerance)
    {
        double error = Math.Abs(actual - expected);
        Assert.True(error <= tolerance * Math.Abs(expected) + 1e-307,
            $"expected {expected:R}, got {actual:R}, relative error {error / Math.Abs(expected):E2}");
    }
}
