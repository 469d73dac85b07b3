using Foretell.Cli.Embedded;
using Foretell.Cli.Options;
using Foretell.Support;

namespace Foretell.Cli.Tests.Embedded;

public sealed class RunSettingsTests
{
    [Fact]
    public void ToOptions_WhenARetentionIsGiven_HandsItToThePlatform()
    {
        var settings = new RunSettings
        {
            DataDirectory = "data", Listen = null!, Variant = new ModelVariant(null, null, null), Threads = 1, AlertSurvival = 0,
            Retain = TimeSpan.FromDays(30),
        };
        Assert.Equal(TimeSpan.FromDays(30), settings.ToOptions("data", Small.Model).Retain);
        Assert.Null((settings with { Retain = null }).ToOptions("data", Small.Model).Retain);
    }
}
