using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class DurationTextTests
{
    [Theory]
    [InlineData("90", 90)]
    [InlineData("0.5", 0.5)]
    [InlineData("1e3", 1000)]
    [InlineData("-3", -3)]
    [InlineData("250ms", 0.25)]
    [InlineData("45s", 45)]
    [InlineData("30m", 1800)]
    [InlineData("1h", 3600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5h", 5400)]
    [InlineData("7d", 604800)]
    [InlineData("2w", 1209600)]
    [InlineData(" 1h ", 3600)]
    [InlineData("PT1H30M", 5400)]
    [InlineData("P1DT0.5S", 86400.5)]
    public void TryParse_WhenTextIsADuration_GivesItsSeconds(string text, double seconds)
    {
        Assert.True(DurationText.TryParse(text, out double parsed));
        Assert.Equal(seconds, parsed, 1e-9);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("h")]
    [InlineData("1x")]
    [InlineData("1h x")]
    [InlineData("1h30")]
    [InlineData("1.2.3h")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e999")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("P")]
    [InlineData("P99999999999D")]
    public void TryParse_WhenTextIsNoDurationOfFixedLength_SaysSo(string text) =>
        Assert.False(DurationText.TryParse(text, out _));
}
