using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Activities;

/// <summary>Scores a model that tells ends on whole streams.</summary>
public static class CaseScores
{
    private const double SecondsPerDay = 86_400;

    /// <summary>How well it says after each event what comes next, whether anything does, and when.</summary>
    /// <param name="model">A model that tells ends (<see cref="Configuration.ModelConfig.Remaining"/>).</param>
    /// <param name="sequences">Whole streams; those without events are left out.</param>
    /// <exception cref="ArgumentException">The model tells none.</exception>
    public static ActivityScore Of(ForecastModel model, IReadOnlyList<EventSequence> sequences)
    {
        if (model.Config.Remaining is null)
        {
            throw new ArgumentException($"Model {model.Id} was not trained on whole streams, so it tells no ends.", nameof(model));
        }
        var cases = new ActivityModel(model);
        return ActivityScore.Of(sequences.Where(s => s.Times.Length > 0).Select(s => (s, cases.Predict(s))), cases.Activities,
            model.Config.TimeUnitSeconds / SecondsPerDay);
    }
}
