using Foretell.Cli.Shell;

namespace Foretell.Cli.Tests.Shell;

public sealed class FormatTests
{
    [Theory]
    [InlineData(0.0, "1 in 1")]
    [InlineData(-0.6931471805599453, "1 in 2")]
    [InlineData(-6.907755278982137, "1 in 1,000")]
    [InlineData(-23.02585092994046, "1 in 10^10")]
    [InlineData(-5000, "1 in 10^2171")]
    public void OneIn_WhenTheProbabilityShrinks_StaysReadable(double logProbability, string expected) =>
        Assert.Equal(expected, Format.OneIn(logProbability));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(0.00025, "250 µs")]
    [InlineData(0.0123, "12.3 ms")]
    [InlineData(90, "90 s")]
    [InlineData(600, "10 min")]
    [InlineData(7200, "2 h")]
    [InlineData(86400 * 3.5, "3.5 d")]
    [InlineData(86400 * 3652.5, "10 y")]
    [InlineData(double.PositiveInfinity, "never")]
    [InlineData(double.NaN, "-")]
    public void Duration_WhenShown_HasAUnitThatFits(double seconds, string expected) => Assert.Equal(expected, Format.Duration(seconds));
}
