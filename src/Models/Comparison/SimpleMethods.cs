using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>Scores of methods that only count, by the same rule and on the same events as a model's.</summary>
internal static class SimpleMethods
{
    /// <summary>Weights of the population that the running method is tried with on dev, events; as many as a form has learning
    /// rates by default.</summary>
    private static readonly double[] s_priors = [2, 8, 32];

    /// <summary>All methods on the test set.</summary>
    /// <exception cref="ArgumentException">The training set cannot be learned from, or no test sequence has two events.</exception>
    public static List<ScoreRecord> Score(ComparisonData data, TrainingOptions options)
    {
        DataStatistics statistics = DataStatistics.Of(data.Train, options);
        (ModelConfig config, Baselines baselines) = (statistics.Config, statistics.Baselines);
        int marks = config.Marks.Count;
        ScoreTally[] tried = [.. s_priors.Select(p =>
            SimpleScorer.Run(config, data.Dev, () => new RunningMethod(config, baselines, p, p)))];
        double gapPrior = s_priors[Array.IndexOf(tried, tried.MaxBy(t => t.Time + t.OpenEnd))],
            markPrior = s_priors[Array.IndexOf(tried, tried.MaxBy(t => t.Mark))];
        return
        [
            Record("exponential", 1 + marks, 0, () => new ExponentialMethod(config, baselines)),
            Record("log-normals", 3 * Baselines.Components - 1 + marks * (marks + 1), marks > 0 ? sizeof(int) : 0,
                () => new MixtureMethod(config, baselines)),
            Record("running", 2 + marks, RunningMethod.Bytes(marks, config.Ties > 0),
                () => new RunningMethod(config, baselines, gapPrior, markPrior)),
        ];

        ScoreRecord Record(string name, int parameters, long bytes, Func<SimpleMethod> begin)
        {
            ScoreTally tally = SimpleScorer.Run(config, data.Test, begin);
            return new ScoreRecord
            {
                Form = name,
                Events = tally.Events,
                Nll = -(tally.Time + tally.Mark) / tally.Events,
                NllTime = -tally.Time / tally.Events,
                NllMark = marks == 0 ? null : -tally.Mark / tally.Events,
                Accuracy = marks == 0 ? null : (double)tally.Hits / tally.Events,
                OpenEnds = tally.OpenEnds == 0 ? null : tally.OpenEnds,
                NllOpenEnd = tally.NllOpenEnd,
                PitKs = tally.PitKs(),
                Errors = tally.Errors(marks > 0),
                Parameters = parameters,
                Bytes = StateSize.Of(_ => bytes),
                Pit = tally.PitHistogram(),
                BySeen = tally.BySeen(),
            };
        }
    }
}
