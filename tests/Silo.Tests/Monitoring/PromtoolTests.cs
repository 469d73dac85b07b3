using System.Runtime.CompilerServices;
using Foretell.Support;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>Prometheus' own judgement of the rules.</summary>
public sealed class PromtoolTests
{
    [PromtoolFact]
    public async Task Rules_WhenPrometheusChecksThem_AreWellFormed() => await AssertAcceptedAsync("check", "rules", MonitoringFiles.Rules);

    [PromtoolFact]
    public async Task Rules_WhenTheirUnitTestsRun_FireOnTheirDataAndNotOnAHealthyClusters() =>
        await AssertAcceptedAsync("test", "rules", "k8s/monitoring/rules.test.yaml");

    [PromtoolFact]
    public async Task RuleTests_WhenAnAlertNeverFires_Fail()
    {
        using var folder = new TemporaryFolder();
        string rules = await File.ReadAllTextAsync(Repository.At(MonitoringFiles.Rules));
        Assert.Contains("foretell_log_lost{job=\"foretell\"}) > 0", rules, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.At("rules.yaml"),
            rules.Replace("foretell_log_lost{job=\"foretell\"}) > 0", "foretell_log_lost{job=\"foretell\"}) > 1", StringComparison.Ordinal));
        File.Copy(Repository.At("k8s/monitoring/rules.test.yaml"), folder.At("rules.test.yaml"));

        (int exitCode, string output) = await Promtool.RunAsync("test", "rules", folder.At("rules.test.yaml"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains("ForetellRecordsLost", output, StringComparison.Ordinal);
    }

    private static async Task AssertAcceptedAsync(params string[] arguments)
    {
        (int exitCode, string output) = await Promtool.RunAsync(arguments);
        Assert.True(exitCode == 0, output);
    }
}

/// <summary>A test that asks promtool, which must be on the machine.</summary>
public sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = Promtool.IsThere("promtool") ? null
            : "Prometheus' program promtool was not found. Install it (Debian, Ubuntu: apt install prometheus).";
}
