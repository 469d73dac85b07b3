using System.Text.RegularExpressions;
using System.Xml.Linq;
using Foretell.Cli.Reports;
using Foretell.Models.Comparison;
using Foretell.Models.Mixers;

namespace Foretell.Cli.Tests.Reports;

public class ComparisonPlotsTests
{
    private static readonly ReportRow s_simple = Row("log-normals", null, [2.1, 1.9]);

    [Fact]
    public void Seen_WhenThereIsOneForm_ScalesItsDifferencesByTheSimpleMethods() =>
        Assert.Equal(["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"], Ticks([Row("softmax", "softmax", [1.6, 1.5]), s_simple]));

    [Fact]
    public void Seen_WhenFormsDoNotDiffer_HasTicksThatStayClearOfTheTitle()
    {
        // A policy that keeps everything differs by rounding alone.
        string[] ticks = Ticks([Row("softmax", "softmax", [1.6, 1.5]), Row("tova 64", "tova", [1.6, 1.5000001]), s_simple]);

        Assert.All(ticks, tick => Assert.InRange(tick.Length, 1, 7));
        Assert.Equal(ticks.Length, ticks.Distinct().Count());
    }

    /// <summary>Labels at the left of the plot of differences.</summary>
    private static string[] Ticks(ReportRow[] rows)
    {
        string svg = new ComparisonPlots(Report(rows)).Seen().Svg;
        var plot = XElement.Parse(Regex.Matches(svg, "<svg.*?</svg>", RegexOptions.Singleline)[1].Value);
        return [.. plot.Elements("text").Where(t => (string?)t.Attribute("class") == "tick" && (string?)t.Attribute("text-anchor") == "end")
            .Select(t => t.Value)];
    }

    private static ComparisonReport Report(ReportRow[] rows)
    {
        var data = new DataSummary(10, 1000, "");
        return new ComparisonReport
        {
            IsComplete = true,
            Train = data,
            Dev = data,
            Test = data,
            MeanTestLength = 100,
            OpenEnds = null,
            TimeUnitSeconds = 1,
            Shape = "",
            Epochs = null,
            LearningRates = [0.006],
            Rows = rows,
        };
    }

    private static ReportRow Row(string name, string? mixer, double[] bySeen) => new()
    {
        Name = name,
        Mixer = mixer,
        States = null,
        Seeds = 1,
        Nll = new Estimate(bySeen.Average(), null),
        NllTime = new Estimate(bySeen.Average(), null),
        NllMark = null,
        Accuracy = null,
        NllOpenEnd = null,
        PitKs = new Estimate(0.01, null),
        DevNll = null,
        Parameters = 1,
        BytesPerStream = new StateSize(100, 100, 100),
        EventsPerSecond = null,
        TrainingSeconds = null,
        LearningRate = null,
        IsRateAtEdge = false,
        NllBySeen = [.. bySeen.Select((nll, i) => new SeenNll(1L << i, 500, nll))],
        PitShares = [0, 1],
        Events = 1000,
        PerSeed = [],
    };
}
