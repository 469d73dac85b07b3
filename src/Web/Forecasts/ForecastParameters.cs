using System.Globalization;
using Foretell.Hosting;
using Foretell.Models.Configuration;
using Foretell.Web.Http;

namespace Foretell.Web.Forecasts;

/// <summary>Reads what a caller wants to know of a stream from the parameters of a request.</summary>
internal static class ForecastParameters
{
    /// <summary>A hundred years: beyond any forecast's use, and small enough that no sum overflows.</summary>
    private const double MaxHorizonSeconds = 100 * 365.25 * 86400;
    private const double DefaultHorizonSeconds = 3600;

    /// <summary>Possible futures of all streams of a call, at most.</summary>
    private const int MaxPathsPerCall = 20_000;

    private static readonly double[] s_defaultQuantiles = [0.1, 0.5, 0.9];

    /// <summary>Reads the question's parameters; null or empty means the default (now, 1 h, the quantiles 0.1, 0.5 and 0.9, 20
    /// marks).</summary>
    /// <exception cref="RequestException">A parameter cannot be read; the message says which and what is expected.</exception>
    public static ForecastQuestion Parse(
        string? at, string? horizon, string? quantiles, string? expectedCount, string? marks, int maxQuantiles) =>
        new(ParseAt(at), ParseHorizon(horizon), ParseQuantiles(quantiles, maxQuantiles), Flag.Parse("expectedCount", expectedCount, fallback: true))
        {
            Marks = ParseMarks(marks),
        };

    /// <summary>Checks a number of marks to name.</summary>
    public static int CheckMarks(int marks) => marks is >= 0 and <= ModelLimits.Marks ? marks : throw BadMarks(marks);

    /// <summary>Reads the moment to stand at; null for now.</summary>
    public static long? ParseAt(string? text) => string.IsNullOrWhiteSpace(text) ? null : QueryTime.Parse("at", text);

    /// <summary>Checks quantiles that came as numbers.</summary>
    public static IReadOnlyList<double> CheckQuantiles(IReadOnlyList<double>? quantiles, int max)
    {
        if (quantiles is null || quantiles.Count == 0)
        {
            return s_defaultQuantiles;
        }
        if (quantiles.Count > max)
        {
            throw RequestException.Parameters("quantiles", $"At most {max} quantiles in one question, got {quantiles.Count}.");
        }
        foreach (double p in quantiles)
        {
            if (!(p > 0 && p < 1))
            {
                throw RequestException.Parameters("quantiles", string.Create(CultureInfo.InvariantCulture,
                    $"Each quantile must lie between 0 and 1, both excluded; got {p}."));
            }
        }
        return quantiles;
    }

    /// <summary>Reads marks with commas between them; none when left out.</summary>
    public static IReadOnlyList<string> ParseWithin(string? text, ModelConfig model) => string.IsNullOrWhiteSpace(text) ? []
        : CheckWithin(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), model);

    /// <summary>Checks marks of which is asked whether one comes within the horizon; each counts once.</summary>
    public static IReadOnlyList<string> CheckWithin(IReadOnlyList<string?>? marks, ModelConfig model)
    {
        string[] named = [.. (marks ?? []).Select(m => m ?? "").Distinct()];
        if (named.Length > ForecastQuestion.MostWithin)
        {
            throw RequestException.Parameters("within", $"At most {ForecastQuestion.MostWithin} marks in one question, got {named.Length}.");
        }
        return named.FirstOrDefault(m => !model.Marks.Contains(m)) is not { } unknown ? named
            : throw RequestException.Parameters("within", model.Marks.Count == 0
                ? "'within' asks whether a mark comes within the horizon, and this model has no marks: leave it out."
                : $"'within' must name marks of the model; '{unknown}' is none. It has {string.Join(", ", model.Marks.Take(20))}{(model.Marks.Count > 20 ? ", ..." : "")}.");
    }

    /// <summary>Reads how many possible futures of one stream are wanted; none when left out.</summary>
    public static int ParsePaths(string? text) => string.IsNullOrWhiteSpace(text) ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int paths) ? CheckPaths(paths, 1)
        : throw RequestException.Parameters("paths", $"'paths' must be a whole number from 0 to {ForecastQuestion.MaxPaths}; got '{text}'.");

    /// <summary>Checks a number of possible futures.</summary>
    public static int CheckPaths(int paths, int streams)
    {
        if (paths is < 0 or > ForecastQuestion.MaxPaths)
        {
            throw RequestException.Parameters("paths", $"'paths' must be a whole number from 0 to {ForecastQuestion.MaxPaths}; got {paths}.");
        }
        return (long)paths * streams <= MaxPathsPerCall ? paths : throw RequestException.Parameters("paths",
            $"{streams} streams with {paths} paths each are more than the 20,000 paths that one call may have: ask for fewer paths, or for fewer streams at a time.");
    }

    private static double ParseHorizon(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return DefaultHorizonSeconds;
        }
        if (!DurationText.TryParse(text, out double seconds))
        {
            throw RequestException.Parameters("horizon", $"'horizon' must be {DurationText.Expected}; got '{text}'.");
        }
        if (!(seconds > 0 && seconds <= MaxHorizonSeconds))
        {
            throw RequestException.Parameters("horizon", $"'horizon' must be above 0 and at most 36525d (a hundred years); got '{text}'.");
        }
        return seconds;
    }

    private static int ParseMarks(string? text) => string.IsNullOrWhiteSpace(text) ? ForecastQuestion.DefaultMarks
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int marks) ? CheckMarks(marks) : throw BadMarks(text);

    private static RequestException BadMarks(object got) => RequestException.Parameters("marks", string.Create(CultureInfo.InvariantCulture,
        $"'marks' is how many of the likeliest marks to name, a whole number from 0 to {ModelLimits.Marks}; got '{got}'."));

    private static IReadOnlyList<double> ParseQuantiles(string? text, int max)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return s_defaultQuantiles;
        }
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var quantiles = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out quantiles[i]))
            {
                throw RequestException.Parameters("quantiles",
                    $"'quantiles' must be numbers between 0 and 1 with commas between them (0.1,0.5,0.9); got '{text}'.");
            }
        }
        return CheckQuantiles(quantiles, max);
    }
}
