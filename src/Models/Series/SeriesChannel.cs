using Foretell.Models.PointProcess;

namespace Foretell.Models.Series;

/// <summary>One quantity of one stream: a regular series, standardised by training.</summary>
/// <param name="Stream">Key of the stream.</param>
/// <param name="Name">Name of the value.</param>
/// <param name="Readings">Readings, with a vector's floats behind the end. Shape [Count + 16].</param>
/// <param name="Count">Readings that there are.</param>
/// <param name="Past">Readings at its beginning that are known already: forecasts of those behind are scored.</param>
/// <param name="Start">Steps of the clock from its 0 to the first reading: seasons count from there.</param>
internal sealed record SeriesChannel(string Stream, string Name, float[] Readings, int Count, int Past, long Start)
{
    private const int Air = 16;

    /// <summary>Origins whose window lies behind them and whose H readings are all in the part scored; each is the index of its first
    /// reading.</summary>
    public (int From, int To) Origins(int window, int horizon)
    {
        int from = Math.Max(Past, window);
        return (from, Math.Max(from, Count - horizon + 1));
    }

    /// <summary>Series to learn from.</summary>
    /// <exception cref="ArgumentException">A stream is not regular, or lacks a reading.</exception>
    public static SeriesChannel[] Of(IReadOnlyList<EventSequence> train, IReadOnlyList<SeriesScale> scales)
    {
        double step = StepOf(train, "train");
        return [.. train.SelectMany(s => scales.Where(c => s.Values!.ContainsKey(c.Name))
            .Select(c => Standardise(s, c, s.Values![c.Name], 0, step)))];
    }

    /// <summary>Series to score: a stream that goes on where one of train ends has that for its past.</summary>
    /// <exception cref="ArgumentException">A stream is not regular, lacks a reading, or has a value that train has not.</exception>
    public static SeriesChannel[] Of(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> test,
        IReadOnlyList<SeriesScale> scales)
    {
        double step = StepOf(train, "train"), testStep = StepOf(test, "test");
        if (!IsStep(testStep, step))
        {
            throw new ArgumentException(FormattableString.Invariant($"Readings of train are {step:G6} time units apart and those of test {testStep:G6}. Both must have one step."), nameof(test));
        }
        var channels = new List<SeriesChannel>();
        foreach (EventSequence s in test)
        {
            EventSequence? past = train.FirstOrDefault(t => t.Id == s.Id && IsStep(s.Times[0] - t.Times[^1], step));
            foreach ((string name, double[] values) in s.Values!)
            {
                SeriesScale scale = scales.FirstOrDefault(c => c.Name == name)
                    ?? throw new ArgumentException($"Stream '{s.Id}' of test has the value '{name}', which none of train has.", nameof(test));
                double[]? before = past?.Values!.GetValueOrDefault(name);
                channels.Add(Standardise(before is null ? s : past!, scale, [.. before ?? [], .. values], before?.Length ?? 0, step));
            }
        }
        return [.. channels];
    }

    private static SeriesChannel Standardise(EventSequence from, SeriesScale scale, double[] values, int past, double step)
    {
        float[] readings = new float[values.Length + Air];
        for (int i = 0; i < values.Length; i++)
        {
            readings[i] = (float)((values[i] - scale.Mean) / scale.Deviation);
        }
        return new SeriesChannel(from.Id, scale.Name, readings, values.Length, past, (long)Math.Round(from.Times[0] / step));
    }

    /// <summary>The one distance between readings of a set.</summary>
    private static double StepOf(IReadOnlyList<EventSequence> streams, string set)
    {
        double? step = null;
        foreach (EventSequence s in streams)
        {
            if (s.Times.Length < 2 || s.Values is not { Count: > 0 } values)
            {
                string lack = s.Times.Length < 2 ? "has fewer than two readings" : "carries no values (\"v\")";
                throw new ArgumentException($"Stream '{s.Id}' of {set} {lack}. A series has one number a step of the clock under each name. Leave it out.");
            }
            step ??= s.Times[1] - s.Times[0];
            for (int i = 1; i < s.Times.Length; i++)
            {
                if (!(s.Times[i] > s.Times[i - 1]) || !IsStep(s.Times[i] - s.Times[i - 1], step.Value))
                {
                    throw new ArgumentException(FormattableString.Invariant($"Stream '{s.Id}' of {set} is not regular: reading {i} comes {s.Times[i] - s.Times[i - 1]:G6} time units after the one before, and the first step is {step:G6}. ")
                        + "Give one reading a step, or compare it with --task events.");
                }
            }
            if (values.FirstOrDefault(v => v.Value.Any(double.IsNaN)) is { Key: not null } gap)
            {
                throw new ArgumentException($"Stream '{s.Id}' of {set} has no '{gap.Key}' at reading {Array.FindIndex(gap.Value, double.IsNaN)}. A regular series needs one at each step: fill it, or leave the value out.");
            }
        }
        return step ?? throw new ArgumentException($"There is no stream in {set}.");
    }

    private static bool IsStep(double gap, double step) => Math.Abs(gap - step) <= 1e-6 * step;
}
