using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>The rules and the dashboard, and what they ask for.</summary>
internal static partial class MonitoringFiles
{
    /// <summary>Path of the rules.</summary>
    public const string Rules = "k8s/monitoring/rules.yaml";

    // What is no metric's name: operators of PromQL, and what Prometheus or the scrape's own settings add.
    private static readonly HashSet<string> s_operators =
        ["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"];

    private static readonly HashSet<string> s_added = ["up", "job", "instance", "namespace", "pod"];

    /// <summary>Values of a key of the rules' file, in its order; a folded one in one line.</summary>
    public static IReadOnlyList<string> Values(string key)
    {
        string[] lines = File.ReadAllLines(Repository.At(Rules));
        var values = new List<string>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimStart(' ', '-');
            if (!line.StartsWith(key + ": ", StringComparison.Ordinal))
            {
                continue;
            }
            string value = line[(key.Length + 2)..];
            if (value == ">-")
            {
                int indent = lines[i].Length - line.Length;
                value = string.Join(' ', lines.Skip(i + 1).TakeWhile(l => l.Length - l.TrimStart().Length > indent).Select(l => l.Trim()));
            }
            values.Add(value);
        }
        return values;
    }

    /// <summary>The rules with every duration divided: ranges in brackets and <c>for</c>. What is compared stays as it is.</summary>
    /// <remarks>promtool's tests check the durations as they are; a test of real processes has no half hour.</remarks>
    public static string HastenedRules(int times) => Duration().Replace(File.ReadAllText(Repository.At(Rules)), match =>
    {
        int seconds = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)
            * match.Groups[3].Value switch { "h" => 3600, "m" => 60, _ => 1 };
        return string.Create(CultureInfo.InvariantCulture, $"{match.Groups[1].Value}{1000 * seconds / times}ms");
    });

    /// <summary>What a query selects, before anything is made of it: metrics with their matchers.</summary>
    public static IReadOnlyList<string> Selectors(string query) =>
        [.. Selector().Matches(Function().Replace(Range().Replace(Grouping().Replace(query, " "), " "), " ")).Select(m => m.Value)
            .Where(selector => !s_operators.Contains(selector))];

    /// <summary>Every query of the dashboard.</summary>
    public static IReadOnlyList<string> DashboardQueries()
    {
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Repository.At("k8s/monitoring/dashboard.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.TryGetProperty("targets", out JsonElement targets) ? targets.EnumerateArray().ToArray() : [])
            .Select(target => target.GetProperty("expr").GetString()!)];
    }

    /// <summary>Metrics and labels that queries name and that neither a scrape nor a recording rule has.</summary>
    public static IReadOnlyList<string> Missing(IEnumerable<string> queries, Scrape scrape)
    {
        HashSet<string> metrics = [.. scrape.Names, .. s_added, .. Values("record")], labels = [.. scrape.Labels, .. s_added, "le"];
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string query in queries)
        {
            missing.UnionWith(Grouping().Matches(query).SelectMany(m => Name().Matches(m.Groups[1].Value)).Select(m => m.Value)
                .Concat(Matcher().Matches(query).Select(m => m.Groups[1].Value)).Except(labels));
            string bare = Function().Replace(Ignored().Replace(Grouping().Replace(query, " "), " "), " ");
            missing.UnionWith(Name().Matches(bare).Select(m => m.Value).Except(s_operators).Except(metrics));
        }
        return [.. missing];
    }

    [GeneratedRegex(@"(\[|\bfor: )(\d+)([smh])\b")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"(?<![\w:.""|])[a-zA-Z_:][\w:]*(?:\{[^}]*\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"[a-z_0-9]+\s*(?=\()")]
    private static partial Regex Function();

    [GeneratedRegex(@"(?<![\w:.])[a-zA-Z_:][\w:]*")]
    private static partial Regex Name();
}
