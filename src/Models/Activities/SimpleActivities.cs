using System.Globalization;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Activities;

/// <summary>The simple methods that forms are compared with: all of them only count.</summary>
internal static class SimpleActivities
{
    /// <summary>Orders of the Markov chains; 0 knows no past.</summary>
    private static readonly (string Name, int Order)[] s_chains =
        [("most frequent", 0), ("markov 1", 1), ("markov 2", 2), ("markov 3", 3), ("markov 5", 5)];

    /// <summary>Every method, fitted: its name, and what it says after each event of a case.</summary>
    /// <param name="train">Whole cases.</param>
    /// <param name="activities">Activities, in the order of the probabilities.</param>
    public static IEnumerable<(string Name, Func<EventSequence, IReadOnlyList<ActivityForecast>> Forecast)> Fit(
        IReadOnlyList<EventSequence> train, IReadOnlyList<string> activities)
    {
        foreach ((string name, int order) in s_chains)
        {
            var counts = new ActivityCounts(train, activities, order);
            yield return (name, one => [.. counts.Predict(one).Select(p => new ActivityForecast(p, null, null))]);
        }
        var byActivity = new ActivityTimes(train, (one, i) => one.Marks![i]);
        var byLength = new ActivityTimes(train, (_, i) => i.ToString(CultureInfo.InvariantCulture));
        yield return ("median after activity",
            one => [.. byActivity.Predict(one).Select(t => new ActivityForecast(null, t.MedianGap, t.MedianRemaining))]);
        yield return ("mean after activity", one => [.. byActivity.Predict(one).Select(t => new ActivityForecast(null, null, t.MeanRemaining))]);
        yield return ("mean by length", one => [.. byLength.Predict(one).Select(t => new ActivityForecast(null, null, t.MeanRemaining))]);
    }
}
