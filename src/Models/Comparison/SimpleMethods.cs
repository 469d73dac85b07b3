using Foretell.Models.Configuration;
using Foretell.Models.Network;
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
        ScoreTally[] tried = [.. s_priors.Select(p => Run(config, data.Dev, () => new RunningMethod(config, baselines, p, p)))];
        double gapPrior = s_priors[Array.IndexOf(tried, tried.MaxBy(t => t.Time + t.OpenEnd))],
            markPrior = s_priors[Array.IndexOf(tried, tried.MaxBy(t => t.Mark))];
        return
        [
            Record("exponential", 1 + marks, 0, () => new ExponentialMethod(config, baselines)),
            Record("log-normals", 3 * Baselines.Components - 1 + marks * (marks + 1), marks > 0 ? sizeof(int) : 0,
                () => new MixtureMethod(config, baselines)),
            Record("running", 2 + marks, RunningMethod.Bytes(marks), () => new RunningMethod(config, baselines, gapPrior, markPrior)),
        ];

        ScoreRecord Record(string name, int parameters, long bytes, Func<SimpleMethod> begin)
        {
            ScoreTally tally = Run(config, data.Test, begin);
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
                Parameters = parameters,
                Bytes = StateSize.Of(_ => bytes),
                Pit = tally.PitHistogram(),
                BySeen = tally.BySeen(),
            };
        }
    }

    /// <summary>Follows each sequence with a method of its own.</summary>
    internal static ScoreTally Run(ModelConfig config, IReadOnlyList<EventSequence> sequences, Func<SimpleMethod> begin)
    {
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        var tally = new ScoreTally();
        foreach (EventSequence sequence in sequences.Where(s => s.Times.Length > 0))
        {
            SimpleMethod method = begin();
            int previous = Mark(sequence, 0);
            method.SeeMark(previous);
            for (int t = 1; t < sequence.Times.Length; t++)
            {
                double gap = sequence.Times[t] - sequence.Times[t - 1];
                int mark = Mark(sequence, t);
                bool isHit = config.Marks.Count > 0 && Enumerable.Range(0, config.Marks.Count).MaxBy(m => method.Mark(previous, m)) == mark;
                tally.Add(t, method.LogDensity(gap), Math.Log(method.Mark(previous, mark)), ScoreTally.Pit(method.Cdf, gap, config), isHit);
                method.SeeGap(gap);
                method.SeeMark(mark);
                previous = mark;
            }
            if (sequence.Until is { } until)
            {
                tally.AddOpenEnds(method.LogSurvival(until - sequence.Times[^1]), 1);
            }
        }
        return tally.Events > 0 ? tally : throw new ArgumentException(
            "Scoring needs at least one sequence with two events; every sequence has fewer.", nameof(sequences));

        int Mark(EventSequence sequence, int t) =>
            sequence.Marks is { } marks && markIndex.TryGetValue(marks[t], out int index) ? index : config.UnknownMark;
    }
}
