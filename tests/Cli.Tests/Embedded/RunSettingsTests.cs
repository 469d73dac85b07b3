using Foretell.Cli.Embedded;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
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

    [Fact]
    public void ToOptions_WhenStreamsAreToShare_NeedsAModelThatAdapts()
    {
        var settings = new RunSettings
        {
            DataDirectory = "data", Listen = null!, Variant = new ModelVariant(null, null, null), Threads = 1, AlertSurvival = 0, Shared = true,
        };
        Assert.True(settings.ToOptions("data", Small.Model).Shared);
        Assert.False((settings with { Shared = false }).ToOptions("data", Small.Model).Shared);
        Assert.StartsWith("--shared needs a model that adapts",
            Assert.Throws<UsageException>(() => settings.ToOptions("data", Small.Model.WithAdaptation(false))).Message);
    }
}
