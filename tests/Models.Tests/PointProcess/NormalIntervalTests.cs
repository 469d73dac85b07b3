using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class NormalIntervalTests
{
    /// <summary>Centre, half width, then ln P, its derivatives by a and b, by shift and by scale, from 110-digit arithmetic.</summary>
    [Theory]
    [InlineData(0, 1, -3.81715146302126072e-1, -3.54437452613603394e-1, 3.54437452613603394e-1, 0, 7.08874905227206789e-1)]
    [InlineData(0, 1E-9, -2.09490571895911386e+1, -5.00000000000000000e+8, 5.00000000000000000e+8, 0, 1.00000000000000000e+0)]
    [InlineData(0.5, 0.25, -1.74487785695591510e+0, -2.21375312943965102e+0, 1.72407267073437332e+0, -4.89680458705277704e-1,
        7.39616220690867233e-1)]
    [InlineData(1, 1, -7.39715092852335473e-1, -8.35919100470269145e-1, 1.13129348225038376e-1, -7.22789752245230769e-1,
        2.26258696450076753e-1)]
    [InlineData(2, 1, -1.84956642054760838e+0, -1.53822305117971847e+0, 2.81735379357345989e-2, -1.51004951324398387e+0,
        -1.45370243737251467e+0)]
    [InlineData(2.1, 1, -2.00471664527379909e+0, -1.61733237854966773e+0, 2.42528319267874723e-2, -1.59307954662288025e+0,
        -1.70388183743159334e+0)]
    [InlineData(-2, 1, -1.84956642054760838e+0, -2.81735379357345989e-2, 1.53822305117971847e+0, 1.51004951324398387e+0,
        -1.45370243737251467e+0)]
    [InlineData(0.3, 1.5, -1.63696080108521348e-1, -2.28723265658180937e-1, 9.29919402934052817e-2, -1.35731325364775656e-1,
        4.41853411317946632e-1)]
    [InlineData(-0.3, 1.5, -1.63696080108521348e-1, -9.29919402934052817e-2, 2.28723265658180937e-1, 1.35731325364775656e-1,
        4.41853411317946632e-1)]
    [InlineData(5, 0.4, -1.30835589749263985e+1, -4.87743975449974519e+0, 8.93334252449736261e-2, -4.78810632925477156e+0,
        -2.19538223743759703e+1)]
    [InlineData(5, 0.41, -1.30340239489320407e+1, -4.85998531220292728e+0, 8.05429590364664098e-2, -4.77944235316646087e+0,
        -2.18715951746241529e+1)]
    [InlineData(-5, 0.000001, -2.65413019106050015e+1, -4.99997500004000001e+5, 5.00002500003999999e+5, 4.99999999999833333e+0,
        -2.39999999999836667e+1)]
    [InlineData(30, 0.0625, -4.52469814978941963e+2, -3.06895842179387529e+1, 7.21749842064071634e-1, -2.99678343758746812e+1,
        -8.97071822897490260e+2)]
    [InlineData(30, 0.07, -4.52236401497928606e+2, -3.04173437774737325e+1, 4.56125615289986895e-1, -2.99612181621837456e+1,
        -8.96675402008018907e+2)]
    [InlineData(30, 2, -3.96252414511631038e+2, -2.80356237534690835e+1, 2.14967296468881955e-51, -2.80356237534690835e+1,
        -7.84997465097134339e+2)]
    [InlineData(100, 1E-12, -5.02785681246857328e+3, -5.00000000050000000e+11, 4.99999999950000000e+11, -1.00000000000000000e+2,
        -9.99900000000000000e+3)]
    [InlineData(-100, 3, -4.70999375576470371e+3, -2.57115783512319088e-259, 9.70103070881487424e+1, 9.70103070881487424e+1,
        -9.40999978755042801e+3)]
    [InlineData(0, 12, -3.55296422415535800e-33, -2.14638373566306035e-32, 2.14638373566306035e-32, 0, 5.15132096559134483e-31)]
    [InlineData(1000, 0.001, -5.00006972107457020e+5, -1.15651728071887807e+3, 1.56517593754126474e+2, -9.99999686964751598e+2,
        -9.99998373929877125e+5)]
    [InlineData(1000, 0.01, -4.99997826734814215e+5, -9.99991002069093904e+2, 2.06113507632067628e-6, -9.99991000007958828e+2,
        -9.99981000097917526e+5)]
    [InlineData(-1000, 0.5, -4.99507951194688143e+5, 0, 9.99501000498247132e+2, 9.99501000498247132e+2, -9.99001249997998009e+5)]
    public void Around_WhenComparedWithHighPrecision_Agrees(double center, double halfWidth,
        double log, double dLower, double dUpper, double dShift, double dScale)
    {
        NormalInterval interval = NormalInterval.Around(center, halfWidth);
        AssertEx.Relative(log, interval.LogProbability, 1e-12);
        AssertEx.Relative(dLower, interval.DLower, 1e-11);
        AssertEx.Relative(dUpper, interval.DUpper, 1e-11);
        AssertEx.Relative(dShift, interval.DShift, 1e-11);
        AssertEx.Relative(dScale, interval.DScale, 1e-11);
    }

    [Fact]
    public void Between_WhenAnEndIsInfinite_IsTheTail()
    {
        foreach (double x in new[] { -40, -3, -0.1, 0, 0.1, 3, 40.0 })
        {
            NormalInterval above = NormalInterval.Between(x, double.PositiveInfinity);
            AssertEx.Relative(Normal.LogSurvival(x), above.LogProbability, 1e-12);
            AssertEx.Relative(-Normal.Hazard(x), above.DLower, 1e-12);
            Assert.Equal(0, above.DUpper);
            NormalInterval below = NormalInterval.Between(double.NegativeInfinity, x);
            AssertEx.Relative(Normal.LogCdf(x), below.LogProbability, 1e-12);
            AssertEx.Relative(Normal.Hazard(-x), below.DUpper, 1e-12);
            AssertEx.Relative(x * Normal.Hazard(-x), below.DScale, 1e-12);
        }
        Assert.Equal(0, NormalInterval.Between(double.NegativeInfinity, double.PositiveInfinity).LogProbability);
    }

    [Fact]
    public void Around_WhenTheWidthCrossesTheSwitch_IsContinuous()
    {
        // The narrow and the wide form meet at half width 1 and at half width times centre 2.
        foreach (double center in new[] { 0, 0.7, -1.3, 2, 4, 9, 60, -500 })
        {
            double edge = Math.Min(1, 2 / Math.Max(1e-9, Math.Abs(center)));
            NormalInterval narrow = NormalInterval.Around(center, edge * (1 - 1e-12));
            NormalInterval wide = NormalInterval.Around(center, edge * (1 + 1e-12));
            AssertEx.Relative(narrow.LogProbability, wide.LogProbability, 1e-11);
            AssertEx.Relative(narrow.DLower, wide.DLower, 1e-10);
            AssertEx.Relative(narrow.DUpper, wide.DUpper, 1e-10);
            AssertEx.Relative(narrow.DScale, wide.DScale, 1e-10);
        }
    }

    [Fact]
    public void Between_WhenIntervalsTileTheLine_SumsToOne()
    {
        double sum = 0;
        for (int i = -160; i < 160; i++)
        {
            sum += Math.Exp(NormalInterval.Between(i / 4.0, (i + 1) / 4.0).LogProbability);
        }
        Assert.Equal(1, sum, 1e-14);
    }
}
