using System.Globalization;
using System.Text.RegularExpressions;

namespace Foretell.Silo.Tests.Monitoring;

/// <summary>What one answer of <c>/metrics</c> says, or several together.</summary>
internal sealed partial class Scrape
{
    private readonly List<(string Name, string Labels, double Value)> _series = [];

    /// <summary>Reads Prometheus' text format.</summary>
    public Scrape(params string[] texts)
    {
        foreach (Match match in texts.SelectMany(text => Series().Matches(text)))
        {
            string value = match.Groups[3].Value;
            _series.Add((match.Groups[1].Value, match.Groups[2].Value, value switch
            {
                "+Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                _ => double.Parse(value, CultureInfo.InvariantCulture),
            }));
        }
    }

    /// <summary>Names of all series, as queries name them.</summary>
    public HashSet<string> Names => [.. _series.Select(s => s.Name)];

    /// <summary>Names of all labels.</summary>
    public HashSet<string> Labels => [.. _series.SelectMany(s => Label().Matches(s.Labels)).Select(m => m.Groups[1].Value)];

    /// <summary>Sum over the series of a name whose labels contain a text; 0 when there is none.</summary>
    public double Sum(string name, string labels = "") =>
        _series.Where(s => s.Name == name && s.Labels.Contains(labels, StringComparison.Ordinal)).Sum(s => s.Value);

    /// <summary>Number of series of a name whose labels contain a text.</summary>
    public int Count(string name, string labels = "") =>
        _series.Count(s => s.Name == name && s.Labels.Contains(labels, StringComparison.Ordinal));

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex("([a-zA-Z_][a-zA-Z0-9_]*)=\"")]
    private static partial Regex Label();
}
