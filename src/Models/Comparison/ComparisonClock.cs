using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>Where a comparison stands.</summary>
/// <param name="What">What is being done: "aaren, rate 0.003, seed 1".</param>
/// <param name="IsScoring">The test set is being scored, with a model that is trained.</param>
/// <param name="Finished">Trainings finished.</param>
/// <param name="Trainings">Trainings in all.</param>
/// <param name="Share">Share of all training time that is behind, 0 to 1.</param>
/// <param name="Remaining">Time that the trainings will still take; null before anything tells.</param>
/// <param name="Training">Where the training under way stands; null at its start and while scoring.</param>
public sealed record ComparisonProgress(string What, bool IsScoring, int Finished, int Trainings, double Share, TimeSpan? Remaining,
    TrainingProgress? Training);

/// <summary>Estimates what is left from what finished trainings of the same form took.</summary>
/// <param name="plan">Form and number of its trainings.</param>
internal sealed class ComparisonClock((string Form, int Trainings)[] plan)
{
    private readonly Dictionary<string, Dictionary<(double Rate, int Seed), double>> _seconds = [];

    private int Trainings => plan.Sum(p => p.Trainings);

    private int Finished => _seconds.Values.Sum(s => s.Count);

    /// <summary>Takes a finished training in; the same one again changes nothing.</summary>
    public void Finish(TrainingRecord training)
    {
        if (!_seconds.TryGetValue(training.Form, out var seconds))
        {
            _seconds[training.Form] = seconds = [];
        }
        seconds[(training.Rate, training.Seed)] = training.Seconds;
    }

    /// <summary>The state while a training runs.</summary>
    public ComparisonProgress During(string form, string what, TrainingProgress? at, TimeSpan elapsed)
    {
        double share = at is null ? 0 : (double)at.Step / at.Steps;
        return At(what, false, at, form, share, elapsed.TotalSeconds);
    }

    /// <summary>The state while a model is scored.</summary>
    public ComparisonProgress Scoring(string what) => At(what, true, null, "", 0, 0);

    private ComparisonProgress At(string what, bool isScoring, TrainingProgress? at, string running, double share, double elapsed)
    {
        double? current = share > 0 ? elapsed / share : null;
        // A form that has not been trained yet takes about as long as the others.
        double? typical = _seconds.Count > 0 ? _seconds.Values.Average(s => s.Values.Average()) : current;
        double behind = elapsed, left = 0;
        foreach ((string form, int trainings) in plan)
        {
            Dictionary<(double, int), double>? seconds = _seconds.GetValueOrDefault(form);
            double each = seconds?.Values.Average() ?? (form == running ? current : null) ?? typical ?? 0;
            int waiting = trainings - (seconds?.Count ?? 0);
            behind += seconds?.Values.Sum() ?? 0;
            if (form == running)
            {
                // What runs counts by its own pace, once it has one.
                left += Math.Max(0, (current ?? each) - elapsed);
                waiting--;
            }
            left += each * waiting;
        }
        return new ComparisonProgress(what, isScoring, Finished, Trainings,
            typical is null ? 0 : behind / Math.Max(behind + left, double.Epsilon),
            typical is null ? null : TimeSpan.FromSeconds(left), at);
    }
}
