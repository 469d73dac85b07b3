using System.Globalization;

namespace Foretell.Cli.Reports;

/// <summary>One axis of a plot: from values to pixels, with its ticks.</summary>
/// <param name="Title">What the values are.</param>
/// <param name="Least">Value at the axis's start.</param>
/// <param name="Most">Value at its end.</param>
/// <param name="Ticks">Values to mark, with their text.</param>
/// <param name="IsLog">Equal lengths are equal ratios.</param>
internal sealed record Axis(string Title, double Least, double Most, IReadOnlyList<(double Value, string Text)> Ticks, bool IsLog = false)
{
    /// <summary>An axis around values with some air, and ticks at 1, 2 or 5 times a power of ten.</summary>
    public static Axis Around(string title, IEnumerable<double> values, double air = 0.06)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double least, double most) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        double margin = Math.Max((most - least) * air, Math.Max(Math.Abs(most), 1e-3) * 1e-3);
        return Linear(title, least - margin, most + margin);
    }

    /// <summary>An axis between two values.</summary>
    public static Axis Linear(string title, double least, double most)
    {
        double step = Step((most - least) / 6);
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        List<(double, string)> ticks = [];
        for (double i = Math.Ceiling(least / step); i * step <= most * (1 + 1e-12) + 1e-12; i++)
        {
            double value = i == 0 ? 0 : i * step;
            ticks.Add((value, value.ToString("F" + decimals, CultureInfo.InvariantCulture).Replace('-', '−')));
        }
        return new Axis(title, least, most, ticks);
    }

    /// <summary>An axis of ratios with a tick at each power of a base.</summary>
    public static Axis Log(string title, double least, double most, int @base)
    {
        List<(double, string)> ticks = [];
        for (double power = 1; power <= most * 1.0001; power *= @base)
        {
            if (power >= least * 0.9999)
            {
                ticks.Add((power, power.ToString("N0", CultureInfo.InvariantCulture)));
            }
        }
        return new Axis(title, least, most, ticks, true);
    }

    /// <summary>Where a value lies: 0 at the start, 1 at the end.</summary>
    public double Share(double value) => IsLog
        ? Math.Log(value / Least) / Math.Log(Most / Least)
        : (value - Least) / (Most - Least);

    private static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * (rough / power) switch
        {
            < 1.5 => 1,
            < 3.5 => 2,
            < 7.5 => 5,
            _ => 10,
        };
    }
}
