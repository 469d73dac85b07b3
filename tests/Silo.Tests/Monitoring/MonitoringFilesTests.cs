using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>The files of k8s/monitoring among each other, and the check of the names in them.</summary>
public sealed class MonitoringFilesTests
{
    [Theory]
    [InlineData("sum by (foretell_partition) (rate(foretell_gone_total[5m])) > 0", "foretell_gone_total")]
    [InlineData("max by (foretell_colour) (foretell_lag_events)", "foretell_colour")]
    [InlineData("foretell_lag_events{foretell_colour=\"x\"} > 1e3", "foretell_colour")]
    [InlineData("foretell:gone:max > 0", "foretell:gone:max")]
    [InlineData("deriv(foretell:lag_events:max[5m]) > 0 and on (job) foretell_lag_event == bool 1", "foretell_lag_event")]
    public void Missing_WhenAQueryNamesWhatIsNotThere_FindsIt(string query, string gone) =>
        Assert.Equal([gone], MonitoringFiles.Missing([query], SmallScrape()));

    [Fact]
    public void Missing_WhenAllIsThere_FindsNothing() => Assert.Empty(MonitoringFiles.Missing(
        ["max by (job, foretell_partition) (foretell_lag_events{foretell_partition=~\"1|2\"}[5m]) - 0.5 > foretell:lag_events:max"], SmallScrape()));

    [Fact]
    public void Selectors_WhenAQueryIsRead_AreItsMetricsWithTheirMatchers() => Assert.Equal(
        ["foretell_a_total{job=\"x\", foretell_reason!~\"taken|lost\"}", "foretell:b:max", "up{job=\"x\"}"],
        MonitoringFiles.Selectors("sum by (foretell_source) (increase(foretell_a_total{job=\"x\", foretell_reason!~\"taken|lost\"}[2m])) > 0 "
            + "and predict_linear(foretell:b:max[6h], 7 * 86400) > 1e10 or up{job=\"x\"} == 1 unless on (job) 2"));

    [Fact]
    public void HastenedRules_WhenDividedBySixty_HaveMinutesAsSecondsAndTheSameThresholds()
    {
        string rules = MonitoringFiles.HastenedRules(60);

        Assert.Contains("deriv(foretell:lag_time_seconds:max[5000ms]) > 0", rules, StringComparison.Ordinal);
        Assert.Contains("foretell:lag_time_seconds:max > 30 and", rules, StringComparison.Ordinal);
        Assert.Contains("for: 1000ms", rules, StringComparison.Ordinal);
        Assert.Contains("max[360000ms], 7 * 86400)", rules, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(\[|for: )\d+[smh]\b", rules);
    }

    [Fact]
    public void Rules_WhenTheOperatorsAreCompared_AreTheSame()
    {
        string[] rules = File.ReadAllLines(Repository.At(MonitoringFiles.Rules));
        string[] theOperators = File.ReadAllLines(Repository.At("k8s/components/monitoring/prometheus-rule.yaml"));

        Assert.Contains("kind: PrometheusRule", theOperators);
        Assert.Equal(rules.SkipWhile(l => l != "groups:").Select(l => "  " + l), theOperators.SkipWhile(l => l != "spec:").Skip(1));
    }

    [Fact]
    public void Runbook_WhenAnAlertFires_HasASectionThatItsLinkLeadsTo()
    {
        IReadOnlyList<string> alerts = MonitoringFiles.Values("alert");
        string[] sections = [.. File.ReadAllLines(Repository.At("docs/runbook.md"))
            .Where(l => l.StartsWith("## ", StringComparison.Ordinal)).Select(l => l[3..])];

        Assert.NotEmpty(alerts);
        Assert.Equal(alerts, sections);
        Assert.Equal(alerts.Select(a => $"docs/runbook.md#{a.ToLowerInvariant()}"), MonitoringFiles.Values("runbook_url"));
    }

    [Fact]
    public void RuleTests_WhenRead_FireEveryAlert()
    {
        string tests = File.ReadAllText(Repository.At("k8s/monitoring/rules.test.yaml"));

        // Fired: with labels expected, not only with an empty list.
        Assert.All(MonitoringFiles.Values("alert"), alert =>
            Assert.Matches($@"alertname: {Regex.Escape(alert)}\n\s+eval_time: \w+\n\s+exp_alerts:\n\s+- exp_labels:", tests));
    }

    private static Scrape SmallScrape() => new("""
        # TYPE foretell_lag_events gauge
        foretell_lag_events{foretell_partition="1"} 5 1700000000000
        """);
}
