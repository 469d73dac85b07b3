using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>Scores whether marks come within a horizon: a failure within a week. Every stream is asked at the same moments, with what
/// it had shown by then and the silence since.</summary>
public static class WithinEvaluator
{
    /// <summary>Most moments, and most answers, of one evaluation.</summary>
    public const int MostMoments = 100_000, MostAnswers = 20_000_000;

    /// <summary>Moments of a stream whose paths advance together.</summary>
    private const int MomentsAtOnce = 32;

    /// <summary>Steps of a question's paths, about: their standard error is far below what parts one question from the next.</summary>
    private const int StepsPerQuestion = 1024;

    /// <summary>Asks from the multiple of <paramref name="every"/> at or before the first event that is not
    /// <see cref="EventSequence.Past"/>, up to the last one whose horizon ends by the latest event, or end of observation, of all. A stream is
    /// asked from its first event on.</summary>
    /// <param name="model">A model with marks.</param>
    /// <param name="sequences">All on one clock.</param>
    /// <param name="marks">Marks of the model, one or more.</param>
    /// <param name="horizon">Time units, above 0.</param>
    /// <param name="every">From one moment to the next, time units, above 0.</param>
    /// <param name="threads">Processors.</param>
    /// <param name="progress">Told of each stream that has been asked, and of how many there are; from any thread.</param>
    /// <exception cref="ArgumentException">The model does not know a mark, no moment has its horizon within the observation, or there are
    /// too many.</exception>
    public static WithinEvaluation Evaluate(ForecastModel model, IReadOnlyList<EventSequence> sequences, IReadOnlyList<string> marks,
        double horizon, double every, int threads = 1, IProgress<(int Done, int Of)>? progress = null)
    {
        marks = [.. marks.Distinct()];
        Check(model, marks);
        double[] moments = Moments(sequences, horizon, every);
        if ((double)moments.Length * marks.Count * sequences.Count > MostAnswers)
        {
            throw new ArgumentException($"{moments.Length:N0} moments, {marks.Count:N0} marks and {sequences.Count:N0} streams are more than {MostAnswers:N0} answers: ask more seldom, or for fewer marks.");
        }
        var forecaster = new Forecaster(model);
        var told = new List<Told>[sequences.Count];
        int done = 0;
        Parallel.For(0, told.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            told[i] = Ask(forecaster, sequences[i], marks, moments, horizon);
            progress?.Report((Interlocked.Increment(ref done), told.Length));
        });
        Told[] all = [.. told.SelectMany(t => t)];
        foreach (IGrouping<double, Told> moment in all.GroupBy(t => t.Moment))
        {
            Rate([.. moment], horizon);
        }
        return new WithinEvaluation(horizon, every, moments[0], moments[^1], Scores(marks, all, t => t.Probabilities),
            Scores(marks, all, t => t.Rates));
    }

    private static void Check(ForecastModel model, IReadOnlyList<string> marks)
    {
        IReadOnlyList<string> known = model.Config.Marks;
        if (known.Count == 0 || marks.Count == 0)
        {
            throw new ArgumentException(known.Count == 0 ? "The model has no marks, so it cannot say whether one comes."
                : "No mark is named of which to say whether it comes.", nameof(marks));
        }
        model.IndicesOf(marks);
    }

    private static double[] Moments(IReadOnlyList<EventSequence> sequences, double horizon, double every)
    {
        EventSequence[] some = [.. sequences.Where(s => s.Times.Length > 0)];
        double first = some.Where(s => s.Past < s.Times.Length).Select(s => s.Times[s.Past]).DefaultIfEmpty(double.NaN).Min();
        double end = some.Select(s => s.Until is { } until && double.IsFinite(until) ? Math.Max(until, s.Times[^1]) : s.Times[^1])
            .DefaultIfEmpty(double.NaN).Max();
        EventSequence[] begin = [.. some.Where(s => s.Past == 0)];
        if (begin.Length > 1 && begin.Length == some.Length
            && Array.TrueForAll(begin, s => s.Until is null && s.Times[0] == begin[0].Times[0]))
        {
            throw new ArgumentException(FormattableString.Invariant($"All {some.Length} sequences start at {begin[0].Times[0]}, so each counts from its own first event, and nobody knows until when it was watched. ")
                + "Name the end with --until if all were watched equally long; write times on one clock otherwise.");
        }
        double from = Math.Floor(first / every) * every, count = Math.Floor((end - horizon - from) / every) + 1;
        return !(count >= 1) ? throw new ArgumentException(FormattableString.Invariant(
                $"No question has its horizon within the observation, which goes from {first} to {end} in the file's time unit. Look less far ahead, or name the end of observation if it is later."))
            : count > MostMoments ? throw new ArgumentException(FormattableString.Invariant(
                $"There would be {count:N0} moments of asking, and {MostMoments:N0} are the most: ask more seldom."))
            : [.. Enumerable.Range(0, (int)count).Select(i => from + i * every)];
    }

    /// <summary>One stream's answers.</summary>
    private static List<Told> Ask(Forecaster forecaster, EventSequence sequence, IReadOnlyList<string> marks, double[] moments,
        double horizon)
    {
        ForecastModel model = forecaster.Model;
        double[] times = sequence.Times;
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] values = EncodedValues.Standardise(sequence, model);
        int v = model.ValueCount, n = 0;
        double[] counts = new double[marks.Count];
        var (told, forecasts) = (new List<Told>(), new List<Forecast>());
        foreach (double moment in moments)
        {
            for (; n < times.Length && times[n] <= moment; n++)
            {
                double gap = n == 0 ? 0 : times[n] - times[n - 1];
                backend.Step([new StepInput(0, model.MarkOf(sequence, n), gap, n)], values.AsSpan(n * v, v));
                counts = [.. marks.Zip(counts, (m, count) => m == MarkOf(n) ? count + 1 : count)];
            }
            if (n == 0)
            {
                continue;
            }
            var state = new float[backend.RowFloats(0)];
            backend.Read(0, state);
            forecasts.Add(forecaster.Forecast(state, (moment - times[n - 1]) * model.Config.TimeUnitSeconds));
            var came = new HashSet<string?>();
            for (int next = n; next < times.Length && times[next] <= moment + horizon; next++)
            {
                came.Add(MarkOf(next));
            }
            told.Add(new Told(moment, [.. marks.Select(came.Contains)], moment - times[0], counts));
            if (forecasts.Count == MomentsAtOnce)
            {
                Answer();
            }
        }
        Answer();
        return told;

        string? MarkOf(int t) => sequence.Marks?[t];

        void Answer()
        {
            IReadOnlyList<IReadOnlyList<MarkWithin>> answers = forecaster.MarksWithin(forecasts, marks,
                horizon * model.Config.TimeUnitSeconds, StepsPerQuestion, new ParallelOptions { MaxDegreeOfParallelism = 1 });
            foreach ((Told one, IReadOnlyList<MarkWithin> answer) in told.TakeLast(answers.Count).Zip(answers))
            {
                one.Probabilities = [.. answer.Select(a => a.Probability)];
            }
            forecasts.Clear();
        }
    }

    /// <summary>What each stream's own rate of each mark says at one moment.</summary>
    private static void Rate(Told[] streams, double horizon)
    {
        double watched = Math.Max(horizon, streams.Sum(t => t.Watched));
        // Half an event in front, so that what never came is not impossible.
        double[] all = [.. streams[0].Counts.Select((_, m) => (streams.Sum(t => t.Counts[m]) + 0.5) / watched)];
        foreach (Told told in streams)
        {
            told.Rates = [.. told.Counts.Zip(all, (count, rate) => 1 - Math.Exp(-horizon * (count + 1) / (told.Watched + 1 / rate)))];
        }
    }

    private static WithinScore[] Scores(IReadOnlyList<string> marks, Told[] all, Func<Told, double[]> by)
    {
        WithinScore[] each = [.. marks.Select((mark, m) => WithinScore.Of(mark, Array.ConvertAll(all, t => (by(t)[m], t.Came[m]))))];
        return marks.Count == 1 ? each
            : [.. each, WithinScore.Of(null, [.. all.SelectMany(t => by(t).Zip(t.Came))])];
    }

    /// <summary>One stream at one moment: what came then, and how long it had been watched and how often it had had each mark.</summary>
    private sealed record Told(double Moment, bool[] Came, double Watched, double[] Counts)
    {
        public double[] Probabilities { get; set; } = [];

        public double[] Rates { get; set; } = [];
    }
}
