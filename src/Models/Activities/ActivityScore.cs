using Foretell.Models.PointProcess;

namespace Foretell.Models.Activities;

/// <summary>How well cases were forecast after each of their events: what comes next, whether anything does, and when. A figure is null
/// where the method says nothing of it.</summary>
/// <param name="Accuracy">Share of forecasts whose likeliest activity came, the end of the case being one: after every event.</param>
/// <param name="LogLoss">Mean negative log probability of what came, the end included, nats: after every event.</param>
/// <param name="AccuracyTax">Share right where an event followed, from each case's third event on; the end may be said and is never right.
/// Source: the count of Tax, Verenich, La Rosa, Dumas, CAiSE 2017.</param>
/// <param name="AccuracyGoingOn">The same with the end ruled out.</param>
/// <param name="LogLossOver">Mean negative log probability of whether the case was over, nats: after every event.</param>
/// <param name="GapError">Mean absolute error of the time to the next event, days: from each case's third event on.</param>
/// <param name="RemainingError">Mean absolute error of the time to the case's last event, days: after every event, the last, behind which
/// there is none left, included.</param>
public sealed record ActivityScore(double? Accuracy, double? LogLoss, double? AccuracyTax, double? AccuracyGoingOn, double? LogLossOver,
    double? GapError, double? RemainingError)
{
    /// <summary>A probability counts as no less than this.</summary>
    private const double Least = 1e-12;

    /// <summary>Index of the first event that the scores of events that follow count.</summary>
    private const int FirstCounted = 2;

    /// <summary>Scores what was said of cases.</summary>
    /// <param name="cases">Each whole case, and what was said after each of its events. Shape of the latter [n].</param>
    /// <param name="activities">The activities, in the order of the probabilities.</param>
    /// <param name="daysPerUnit">Days in a time unit.</param>
    /// <param name="from">Fewest events of a case that are known where a forecast counts.</param>
    /// <param name="to">Most events.</param>
    internal static ActivityScore Of(IEnumerable<(EventSequence Case, IReadOnlyList<ActivityForecast> Said)> cases,
        IReadOnlyList<string> activities, double daysPerUnit, int from = 1, int to = int.MaxValue)
    {
        Dictionary<string, int> index = activities.Select((name, i) => (name, i)).ToDictionary(a => a.name, a => a.i);
        Mean right = new(), loss = new(), tax = new(), goingOn = new(), over = new(), gap = new(), remaining = new();
        foreach ((EventSequence one, IReadOnlyList<ActivityForecast> said) in cases)
        {
            double[] times = one.Times;
            for (int next = from; next <= Math.Min(to, times.Length); next++)
            {
                bool isOver = next == times.Length;
                ActivityForecast at = said[next - 1];
                if (at.Next is { } p)
                {
                    // What train does not have is never said.
                    int truth = isOver ? activities.Count : index.GetValueOrDefault(one.Marks![next], -1);
                    int likeliest = Largest(p);
                    right.Add(likeliest == truth ? 1 : 0);
                    loss.Add(-Math.Log(Math.Max(Least, truth < 0 ? 0 : p[truth])));
                    over.Add(-Math.Log(Math.Max(Least, isOver ? p[^1] : 1 - p[^1])));
                    if (!isOver && next >= FirstCounted)
                    {
                        tax.Add(likeliest == truth ? 1 : 0);
                        goingOn.Add(Largest(p.AsSpan()[..^1]) == truth ? 1 : 0);
                    }
                }
                if (at.Gap is { } wait && !isOver && next >= FirstCounted)
                {
                    gap.Add(daysPerUnit * Math.Abs(wait - (times[next] - times[next - 1])));
                }
                if (at.Remaining is { } left)
                {
                    remaining.Add(daysPerUnit * Math.Abs(left - (times[^1] - times[next - 1])));
                }
            }
        }
        return new ActivityScore(right.Value, loss.Value, tax.Value, goingOn.Value, over.Value, gap.Value, remaining.Value);
    }

    private static int Largest(ReadOnlySpan<double> p)
    {
        int best = 0;
        for (int i = 1; i < p.Length; i++)
        {
            best = p[i] > p[best] ? i : best;
        }
        return best;
    }

    private sealed class Mean
    {
        private double _sum;
        private long _count;

        public double? Value => _count == 0 ? null : _sum / _count;

        public void Add(double x)
        {
            _sum += x;
            _count++;
        }
    }
}
