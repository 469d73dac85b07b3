using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Scoring;

/// <summary>Scores a method that only counts, event by event.</summary>
internal static class SimpleScorer
{
    /// <summary>Follows each sequence with a method of its own.</summary>
    public static ScoreTally Run(ModelConfig config, IReadOnlyList<EventSequence> sequences, Func<SimpleMethod> begin)
    {
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        double cell = ClockGrid.Detect(sequences, config.TimeUnitSeconds);
        var tally = new ScoreTally(cell);
        foreach (EventSequence sequence in sequences.Where(s => s.Times.Length > 0))
        {
            SimpleMethod method = begin();
            int previous = Mark(sequence, 0);
            method.SeeMark(previous);
            for (int t = 1; t < sequence.Times.Length; t++)
            {
                double gap = sequence.Times[t] - sequence.Times[t - 1];
                int mark = Mark(sequence, t);
                if (t >= sequence.FirstScored)
                {
                    int likeliest = config.Marks.Count > 0
                        ? Enumerable.Range(0, config.Marks.Count).MaxBy(m => method.Mark(previous, m)) : -1;
                    tally.Add(t, method.Score(gap, cell), Math.Log(method.Mark(previous, mark)),
                        likeliest < 0 ? 0 : method.Mark(previous, likeliest), likeliest == mark);
                }
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
