using Foretell.Models.Comparison;

namespace Foretell.Cli.Reports;

/// <summary>How a row looks in every plot: a colour a mixer, broken lines and hollow points for plain forms, grey for simple
/// methods.</summary>
/// <param name="Class">Classes of the page's style.</param>
/// <param name="IsDiamond">Policies are diamonds, all else is round.</param>
internal sealed record SeriesStyle(string Class, bool IsDiamond)
{
    /// <summary>Colours that the page's style has; further mixers begin again.</summary>
    public const int Colours = 8;

    /// <summary>Styles by the rows' names.</summary>
    public static IReadOnlyDictionary<string, SeriesStyle> Of(IEnumerable<(string Name, bool IsSimple)> rows)
    {
        List<string> mixers = [];
        var styles = new Dictionary<string, SeriesStyle>();
        foreach ((string rowName, bool isSimple) in rows)
        {
            if (isSimple)
            {
                styles[rowName] = new SeriesStyle("simple", false);
                continue;
            }
            var form = ComparisonForm.Parse(rowName.Split(' ')[0]);
            if (!mixers.Contains(form.Mixer))
            {
                mixers.Add(form.Mixer);
            }
            // The same policy with another number of events.
            string again = styles.Keys.Any(name => name.Split(' ')[0] == form.Name) ? " again" : "";
            styles[rowName] =
                new SeriesStyle($"series{mixers.IndexOf(form.Mixer) % Colours}{(form.Decay ? "" : " plain")}{again}", form.IsBounded);
        }
        return styles;
    }
}
