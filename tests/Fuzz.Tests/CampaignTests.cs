using Foretell.Fuzz.Running;
using Foretell.Fuzz.Targets;

namespace Foretell.Fuzz.Tests;

/// <summary>Each target gets some thousand inputs here; FORETELL_FUZZ=1000000 gives it as many, and what takes long its share.</summary>
[Collection(MapOfBranches.Name)]
public sealed class CampaignTests(CampaignTests.Instrumented code) : IClassFixture<CampaignTests.Instrumented>
{
    private const int Seed = 13, Few = 4000;

    public static TheoryData<string> Targets => [.. AllTargets.List.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Target_WhenGivenMutatedInputs_TakesThemOrRefusesThemAsDocumented(string target)
    {
        long inputs = long.TryParse(Environment.GetEnvironmentVariable("FORETELL_FUZZ"), out long asked) ? asked : Few;
        string[] lines = code.Code.Run(target, Math.Max(50, inputs * AllTargets.Named(target).Share / 1000), Seed, keepIn: null);

        TestContext.Current.SendDiagnosticMessage(lines[0]);
        Assert.True(lines.Length == 1, string.Join("\n\n", lines));
        // A target that takes nothing, or reaches nothing, tests nothing.
        Assert.DoesNotContain(" 0 taken", lines[0]);
        Assert.DoesNotContain(" 0 coverage points", lines[0]);
    }

    /// <summary>The instrumented product, once for all targets.</summary>
    public sealed class Instrumented : IDisposable
    {
        public InstrumentedCode Code { get; } = new();

        public void Dispose() => Code.Dispose();
    }
}
