using Foretell.Models.Control;
using Foretell.Models.Numerics;

namespace Foretell.Models.Actions;

/// <summary>A simple method: does what the log did where things looked so, by logistic regression on the observation's numbers and on
/// their products; neither past nor hoped-for return counts.</summary>
public sealed class ActionCloning
{
    private readonly LogisticRegression _regression;

    private ActionCloning(LogisticRegression regression) => _regression = regression;

    /// <summary>Fits every step of some episodes.</summary>
    /// <param name="episodes">1 or more.</param>
    /// <param name="actions">Actions that there are.</param>
    public static ActionCloning Fit(IReadOnlyList<ControlEpisode> episodes, int actions) => new(LogisticRegression.Fit(
        [.. episodes.SelectMany(e => e.Observations).Select(Features)], [.. episodes.SelectMany(e => e.Actions)], actions));

    /// <summary>The likeliest action.</summary>
    /// <param name="observation">Shape [observations].</param>
    public int Act(double[] observation)
    {
        double[] probabilities = _regression.Probabilities(Features(observation));
        return Array.IndexOf(probabilities, probabilities.Max());
    }

    private static double[] Features(double[] o) =>
        [.. o, .. Enumerable.Range(0, o.Length).SelectMany(i => Enumerable.Range(i, o.Length - i).Select(j => o[i] * o[j]))];
}
