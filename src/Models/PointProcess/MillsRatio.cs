using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>Mills ratio of the standard normal, R(x) = Q(x) / phi(x), with Q the survival function and phi the density.</summary>
/// <remarks>
/// R is the scaled erfc in the normal's own units: sqrt(pi/2) erfcx(x / sqrt 2). It never underflows, which is what
/// makes every tail here stable. (x + 5/4) R(x) is smooth in t = (x - 5) / (x + 5), so one Chebyshev series covers the
/// half line; the map is Shepherd and Laframboise's (Mathematics of Computation 36, 1981), the coefficients were
/// computed for this project in 110-digit arithmetic. Relative error at most 5e-16 (NormalTests).
/// </remarks>
internal static class MillsRatio
{
    private static ReadOnlySpan<double> Chebyshev =>
    [
        1.2556030981703503, -0.3012026055204985, 0.040366287772160406, 0.013103687048100101,
        -0.011392856798487191, 0.004548428198365326, -0.0012316431111726164, 0.00022991579266776104,
        -2.423610793409041e-05, -6.873047947684976e-07, 6.959737247187072e-07, -7.717208778529749e-08,
        -1.0121832386142204e-08, 3.238902738306278e-09, 4.127779336638214e-11, -1.0622488006016224e-10,
        4.348157377243374e-12, 3.5033785572480687e-12, -2.5786046832738057e-13, -1.2584013502194745e-13,
        1.0782259437607738e-14, 5.021843971313833e-15, -3.749033409360366e-16, -2.1876297072859323e-16,
        9.356567435270867e-18, 1.0011164672330591e-17,
    ];

    // The series' first 19 terms as a polynomial in t, the highest power first: half the operations of Clenshaw's recurrence, and
    // well conditioned, as they fall off fast.
    private static ReadOnlySpan<double> Powers =>
    [
        -3.3798287304606426e-08, 2.2959741712780943e-07, 2.945727138082398e-07, -2.7161774576988884e-06,
        -5.169470496252578e-07, 2.1500633036886966e-05, -2.06985652435589e-05, -0.00013351583325286128,
        0.0004192008630385142, 0.00010357871355577712, -0.0040637136864656075, 0.014857533641227542,
        -0.03239208530536344, 0.04683255689131267, -0.036188706071933995, -0.025614273974738522,
        0.15051694029005608, -0.3193862293131675, 1.2050506544707125,
    ];

    /// <summary>ln sqrt(2 pi).</summary>
    public const double LogRootTwoPi = 0.91893853320467274178;

    /// <summary>R(x) for x of 0 or more.</summary>
    public static double Upper(double x)
    {
        if (x > 1e16)
        {
            return 1 / x;
        }
        double t = (x - 5) / (x + 5), b1 = 0, b2 = 0;
        ReadOnlySpan<double> c = Chebyshev;
        for (int n = c.Length - 1; n > 0; n--)
        {
            (b1, b2) = (Math.FusedMultiplyAdd(2 * t, b1, c[n] - b2), b1);
        }
        return (Math.FusedMultiplyAdd(t, b1, c[0] - b2)) / (x + 1.25);
    }

    /// <summary>R(x) for x of 0 to 1e100 in 8 lanes, within 1e-12, relative; the same bits on every processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Upper(Vector512<double> x)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            return Vector512.Create(Upper(x.GetLower()), Upper(x.GetUpper()));
        }
        var five = Vector512.Create(5.0);
        return VectorMath.Polynomial(Powers, (x - five) / (x + five)) / (x + Vector512.Create(1.25));
    }

    private static Vector256<double> Upper(Vector256<double> x)
    {
        var five = Vector256.Create(5.0);
        return VectorMath.Polynomial(Powers, (x - five) / (x + five)) / (x + Vector256.Create(1.25));
    }

    /// <summary>ln R(x) for any x; grows like x^2 / 2 to the left.</summary>
    public static double Log(double x) =>
        x >= 0 ? Math.Log(Upper(x)) : x * x / 2 + LogRootTwoPi + Normal.LogSurvival(x);
}
