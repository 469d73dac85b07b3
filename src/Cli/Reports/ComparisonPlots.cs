using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>The plots of a comparison, each with its caption.</summary>
internal sealed class ComparisonPlots(ComparisonReport report)
{
    /// <summary>Simple methods may stretch a plot to this many times the forms' own range; beyond, they are named beside it.</summary>
    private const double MostStretch = 2.5;

    /// <summary>Share of the events that a point needs to have a say in the scale.</summary>
    private const double LeastShare = 0.01;

    /// <summary>Differences below this, nats, do not set a scale: the ticks' labels would be all zeros.</summary>
    private const double LeastDifference = 1e-3;

    private readonly IReadOnlyDictionary<string, SeriesStyle> _styles = SeriesStyle.Of(report.Rows.Select(r => (r.Name, r.IsSimple)));
    private readonly ReportRow[] _forms = [.. report.Rows.Where(r => !r.IsSimple)];

    /// <summary>Joint NLL against bytes of a stream's state.</summary>
    public (string Svg, string Caption) Quality()
    {
        (ReportRow[] shown, string beyond) = Within(r => r.Nll.Mean);
        double least = shown.Select(r => (double)r.BytesPerStream.After100).Where(b => b > 0).DefaultIfEmpty(10).Min() / 3;
        // Nothing at all has no logarithm: it stands at the left end.
        double At(long bytes) => Math.Max(bytes, least);
        double most = shown.Max(r => At(r.BytesPerStream.After10000));
        var plot = new SvgPlot("Joint NLL against bytes of state",
            Axis.Log("bytes a stream after 1,000 events", least / 1.3, Math.Max(most * 2, least * 10), 10),
            Axis.Around("joint NLL, nats an event", shown.SelectMany(r => Ends(r.Nll))), 760, 420);
        var labels = new List<(double X, double Y, string Text)>();
        foreach (ReportRow row in shown)
        {
            SeriesStyle style = _styles[row.Name];
            double x = At(row.BytesPerStream.After1000), y = row.Nll.Mean;
            plot.Line([(At(row.BytesPerStream.After100), y), (At(row.BytesPerStream.After10000), y)], $"growth {style.Class}");
            plot.Line(Ends(row.Nll).Select(end => (x, end)), $"error {style.Class}");
            plot.Point(x, y, style.Class, style.IsDiamond,
                $"{row.Name}: {Nats(y)} nats, {Format.Count(row.BytesPerStream.After1000)} bytes");
            labels.Add((plot.X(x), plot.Y(y), row.Name));
        }
        foreach ((double x, double y, string text) in PlotLabels.Spread(labels))
        {
            bool isLeft = x > plot.RightEnd - 100;
            plot.Label(isLeft ? x - 9 : x + 9, y, isLeft ? "end" : "start", text);
        }
        return (plot.ToString(), "Lower is better, and so is further to the left. Bars are one standard error over seeds. A horizontal line says how the state grows from 100 to 10,000 events. "
            + "Diamonds are policies, hollow points forms without decay." + beyond);
    }

    /// <summary>Joint NLL by the events that the stream had before, and the same as a difference from the reference.</summary>
    public (string Svg, string Caption) Seen()
    {
        ReportRow reference = _forms.FirstOrDefault(r => r.Mixer == "softmax") ?? _forms.FirstOrDefault() ?? report.Rows[0];
        double[] baseline = [.. reference.NllBySeen.Select(b => b.Nll)];
        // A form alone has only the simple methods to be seen beside.
        IReadOnlyList<ReportRow> scale = _forms.Length > 1 ? _forms : report.Rows;
        Axis x = Axis.Log("events of the stream before", 1, Math.Max(2, report.Rows.Max(r => r.NllBySeen[^1].From)), 2);
        // A few first events would else set the scale for all.
        int[] many = [.. Enumerable.Range(0, baseline.Length).Where(i => reference.NllBySeen[i].Events >= LeastShare * reference.Events)];
        var whole = new SvgPlot("Joint NLL against events seen", x,
            Axis.Around("joint NLL, nats an event", scale.SelectMany(r => many.Select(i => r.NllBySeen[i].Nll))));
        var difference = new SvgPlot("Difference against events seen", x,
            Axis.Around($"more than {reference.Name}, nats", scale.SelectMany(r => many.Select(i => r.NllBySeen[i].Nll - baseline[i]))
                .Append(-LeastDifference).Append(LeastDifference)));
        // Those who matter most are drawn last, on top.
        foreach (ReportRow row in report.Rows.Reverse())
        {
            string style = _styles[row.Name].Class;
            whole.Line(row.NllBySeen.Select(b => ((double)b.From, b.Nll)), style, row.Name);
            difference.Line(row.NllBySeen.Select((b, i) => ((double)b.From, b.Nll - baseline[i])), style, row.Name);
        }
        string counts = string.Join(", ", reference.NllBySeen.Select(b => $"{Format.Count(b.Events)} from {Format.Count(b.From)}"));
        return (whole.ToString() + difference, $"Mean over seeds of the test events before which their streams had 1, 2 to 3, 4 to 7, ... events; at the right, {reference.Name}'s taken off. Events: {counts}. Less than 1% of them may leave the frame.");
    }

    /// <summary>Share of gaps at or below each probability that the forecast gave them.</summary>
    public (string Svg, string Caption) Reliability()
    {
        double band = 1.36 / Math.Sqrt(report.Rows[0].Events);
        Axis x = Axis.Linear("forecast probability of so short a gap", 0, 1);
        var whole = new SvgPlot("Reliability of the gap's forecast", x, Axis.Linear("share of gaps that were so short", 0, 1));
        var difference = new SvgPlot("Deviation from calibration", x,
            Axis.Around("share less probability", _forms.SelectMany(r => r.PitShares.Select((share, i) => share - Probability(r, i)))
                .Append(-1.3 * band).Append(1.3 * band)));
        whole.Line([(0, 0), (1, 1)], "right");
        difference.Band([(0, -band, band), (1, -band, band)], "band");
        difference.Line([(0, 0), (1, 0)], "right");
        foreach (ReportRow row in report.Rows.Reverse())
        {
            string style = _styles[row.Name].Class;
            whole.Line(row.PitShares.Select((share, i) => (Probability(row, i), share)), style, row.Name);
            difference.Line(row.PitShares.Select((share, i) => (Probability(row, i), share - Probability(row, i))), style, row.Name);
        }
        return (whole.ToString() + difference,
            "On the diagonal forecasts come true as often as they say. At the right the distance from it; of right forecasts, "
            + $"95% would stay within the grey band everywhere (Kolmogorov-Smirnov, {Format.Count(report.Rows[0].Events)} events).");

        static double Probability(ReportRow row, int i) => (double)i / (row.PitShares.Count - 1);
    }

    /// <summary>Swatches of all rows.</summary>
    public IEnumerable<(string Name, SeriesStyle Style)> Legend => report.Rows.Select(r => (r.Name, _styles[r.Name]));

    /// <summary>The rows that leave the forms' differences readable, and a sentence on the others.</summary>
    private (ReportRow[] Shown, string Beyond) Within(Func<ReportRow, double> value)
    {
        double[] own = [.. _forms.Select(value)];
        double range = own.Length == 0 ? double.PositiveInfinity : Math.Max(own.Max() - own.Min(), 0.01);
        bool Fits(ReportRow row) => !row.IsSimple || (value(row) - own.DefaultIfEmpty(0).Min() <= MostStretch * range);
        ReportRow[] beyond = [.. report.Rows.Where(r => !Fits(r))];
        return ([.. report.Rows.Where(Fits)],
            beyond.Length == 0 ? "" : $" Off the scale: {string.Join(", ", beyond.Select(r => $"{r.Name} {Nats(value(r))}"))}.");
    }

    private static IEnumerable<double> Ends(Estimate estimate) =>
        [estimate.Mean - (estimate.StandardError ?? 0), estimate.Mean + (estimate.StandardError ?? 0)];

    private static string Nats(double nats) => nats.ToString("0.0000", CultureInfo.InvariantCulture).Replace('-', '−');
}
