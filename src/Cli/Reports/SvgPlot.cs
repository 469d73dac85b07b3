using System.Globalization;
using System.Net;
using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A plot as inline SVG: frame, axes, lines and points. Colours come from the page's style, so they follow light and
/// dark.</summary>
internal sealed class SvgPlot
{
    private const int Left = 72, Right = 14, Top = 10, Bottom = 46;
    private static int s_plots;

    private readonly StringBuilder _svg = new();
    private readonly Axis _x, _y;
    private readonly int _width, _height;
    private readonly string _clip = $"clip{Interlocked.Increment(ref s_plots)}";

    public SvgPlot(string name, Axis x, Axis y, int width = 520, int height = 360)
    {
        (_x, _y, _width, _height) = (x, y, width, height);
        Append($"<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Text(name)}\">\n");
        Append($"<clipPath id=\"{_clip}\"><rect x=\"{Left}\" y=\"{Top}\" width=\"{width - Left - Right}\" height=\"{height - Top - Bottom}\"/></clipPath>\n");
        foreach ((double value, string label) in x.Ticks)
        {
            Append($"<line class=\"grid\" x1=\"{X(value)}\" x2=\"{X(value)}\" y1=\"{Top}\" y2=\"{height - Bottom}\"/>");
            Append($"<text class=\"tick\" x=\"{X(value)}\" y=\"{height - Bottom + 16}\" text-anchor=\"middle\">{Text(label)}</text>\n");
        }
        foreach ((double value, string label) in y.Ticks)
        {
            Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{Y(value)}\" y2=\"{Y(value)}\"/>");
            Append($"<text class=\"tick\" x=\"{Left - 6}\" y=\"{Y(value)}\" dy=\".35em\" text-anchor=\"end\">{Text(label)}</text>\n");
        }
        Append($"<text class=\"axis\" x=\"{(Left + width - Right) / 2}\" y=\"{height - 8}\" text-anchor=\"middle\">{Text(x.Title)}</text>");
        Append($"<text class=\"axis\" transform=\"translate(13 {(Top + height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Text(y.Title)}</text>\n");
    }

    /// <summary>Pixels of a value on the horizontal axis.</summary>
    public double X(double value) => Round(Left + _x.Share(value) * (_width - Left - Right));

    /// <summary>Pixels of a value on the vertical axis.</summary>
    public double Y(double value) => Round(_height - Bottom - _y.Share(value) * (_height - Top - Bottom));

    /// <summary>Pixels at the right end of the frame.</summary>
    public int RightEnd => _width - Right;

    /// <summary>A line through points, cut at the frame.</summary>
    public void Line(IEnumerable<(double X, double Y)> points, string style, string? title = null)
    {
        string path = string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X)},{Y(p.Y)}")));
        Append($"<polyline clip-path=\"url(#{_clip})\" class=\"line {style}\" points=\"{path}\">{Title(title)}</polyline>\n");
    }

    /// <summary>The area between two lines.</summary>
    public void Band(IReadOnlyList<(double X, double Low, double High)> points, string style)
    {
        string path = string.Join(' ', points.Select(p => (p.X, Y: p.High)).Concat(points.Reverse().Select(p => (p.X, Y: p.Low)))
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X)},{Y(p.Y)}")));
        Append($"<polygon clip-path=\"url(#{_clip})\" class=\"{style}\" points=\"{path}\"/>\n");
    }

    /// <summary>A point: round, or a diamond.</summary>
    public void Point(double x, double y, string style, bool isDiamond, string title)
    {
        (double px, double py) = (X(x), Y(y));
        Append(isDiamond
            ? (FormattableString)$"<rect class=\"point {style}\" x=\"{px - 4}\" y=\"{py - 4}\" width=\"8\" height=\"8\" transform=\"rotate(45 {px} {py})\">{Title(title)}</rect>\n"
            : $"<circle class=\"point {style}\" cx=\"{px}\" cy=\"{py}\" r=\"5\">{Title(title)}</circle>\n");
    }

    /// <summary>Text at pixels.</summary>
    public void Label(double x, double y, string anchor, string text) =>
        Append($"<text class=\"label\" x=\"{Round(x)}\" y=\"{Round(y)}\" dy=\".35em\" text-anchor=\"{anchor}\">{Text(text)}</text>\n");

    /// <summary>The whole element.</summary>
    public override string ToString() => _svg + "</svg>";

    private static string Title(string? title) => title is null ? "" : $"<title>{Text(title)}</title>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static double Round(double pixels) => double.Round(pixels, 1);

    private void Append(FormattableString text) => _svg.Append(FormattableString.Invariant(text));
}
