using System.Text.Json.Serialization;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>Score of a simple method on the same events, nats per event; null where the method says nothing.</summary>
public sealed record BaselineScore(double? NllTime, double? NllMark);

/// <summary>How a model scores on held-out sequences. Per predicted event: events 2..N of each sequence, or those behind its past
/// (<see cref="EventSequence.Past"/>).</summary>
public sealed record Evaluation
{
    /// <summary>Sequences read.</summary>
    public int Sequences { get; init; }
    /// <summary>Events predicted.</summary>
    public long Events { get; init; }
    /// <summary>Events that were the streams' past: read, and not scored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long PastEvents { get; init; }
    /// <summary>Joint NLL of gap, mark and values, nats per event.</summary>
    public double Nll { get; init; }
    /// <summary>NLL of the inter-event times, density per time unit; where training was censored, of an event's coming at all
    /// too.</summary>
    public double NllTime { get; init; }
    /// <summary>NLL of the marks given the gap.</summary>
    public double NllMark { get; init; }
    /// <summary>NLL of the values given gap and mark: which were there, and the density of each, per deviation of training; null where
    /// they are not forecast.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllValue { get; init; }
    /// <summary>How the forecasts of each value did; null where none are made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ValueErrors>? Values { get; init; }
    /// <summary>How well kinds of streams were told after 1, 2, 4, ... and all of their events; null where the model tells none apart or no
    /// sequence has a label.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LabelScore>? Labels { get; init; }
    /// <summary>Share of events whose most likely mark, before the gap is known, is right.</summary>
    public double Accuracy { get; init; }
    /// <summary>The same once the gap is known.</summary>
    public double AccuracyGivenGap { get; init; }
    /// <summary>Root mean squared error of the mean forecast of the gap, time units.</summary>
    public double Rmse { get; init; }
    /// <summary>Kolmogorov-Smirnov distance of the probability integral transform from uniform.</summary>
    public double PitKs { get; init; }
    /// <summary>Events per hundredth of the probability integral transform: equal if the forecasts of the gap are right. Shape
    /// [100].</summary>
    [JsonIgnore]
    public IReadOnlyList<long> Pit { get; init; } = [];
    /// <summary>Scores by the number of events that the stream had before, doubling from 1.</summary>
    [JsonIgnore]
    public IReadOnlyList<SeenScore> BySeen { get; init; } = [];
    /// <summary>Bytes of one stream's row; of rows that grow, at the end of the longest sequence.</summary>
    public long StateBytesPerStream { get; init; }
    /// <summary>Streams whose silence up to the end of observation was scored; null where no sequence says when that was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? OpenEnds { get; init; }
    /// <summary>NLL of these silences, nats each. Not part of the other scores.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllOpenEnd { get; init; }
    /// <summary>Events whose mark the model does not know.</summary>
    public long UnknownMarks { get; init; }
    /// <summary>A few of these marks; empty text stands for no mark.</summary>
    public IReadOnlyList<string> UnknownMarkExamples { get; init; } = [];
    /// <summary>Errors of gaps and marks, coverage of intervals, and the audit of the clock's grid.</summary>
    public ForecastErrors Errors { get; init; } = new();
    /// <summary>Where the model adapts, the score of its forecasts as trained.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BaselineScore? AsTrained { get; init; }
    /// <summary>The score where streams share what they have in common, all events in the order of time; null where nobody asked
    /// (<see cref="SharedEvaluator"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedScore? Shared { get; init; }
    /// <summary>By name: exponential and logNormalMixture (history-free) for times, markov for marks, running (the stream's own latest
    /// gaps and marks) for both.</summary>
    public IReadOnlyDictionary<string, BaselineScore> Baselines { get; init; } = new Dictionary<string, BaselineScore>();
}

/// <summary>Scores a model on held-out sequences with the parallel form.</summary>
public static unsafe class Evaluator
{
    /// <summary>Gaps that stand for a forecast's distribution: over them its marks are averaged before the gap is known.</summary>
    private const int Nodes = 48;

    /// <summary>Scores <paramref name="model"/>; open ends too, where a sequence has an end of observation
    /// (<see cref="EventSequence.Until"/>).</summary>
    /// <exception cref="ArgumentException">No sequence has two events, or one is beyond what a model can hold.</exception>
    public static Evaluation Evaluate(ForecastModel model, IReadOnlyList<EventSequence> sequences, int threads = 1)
    {
        DataLimits.Check(sequences, "test");
        EventSequence[] scored = [.. sequences.Where(s => s.Times.Length > (s.Until is null ? s.FirstScored : 0))];
        if (!Array.Exists(scored, s => s.Times.Length > s.FirstScored))
        {
            throw new ArgumentException("Scoring needs at least one sequence with two events; every sequence has fewer.",
                nameof(sequences));
        }
        EventSequence[][] pieces = [.. scored.Chunk(8)];
        var sums = new Sums[pieces.Length];
        double cell = ClockGrid.Detect(scored, model.Config.TimeUnitSeconds);
        var forecaster = new Forecaster(model);
        Parallel.For(0, pieces.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
            sums[i] = Score(forecaster, pieces[i], cell));

        // Added in the pieces' order, so the figures do not depend on the threads.
        var total = new Sums(model, cell);
        Array.ForEach(sums, total.Add);
        ScoreTally running = SimpleScorer.Run(model.Config, scored, () => new RunningMethod(model.Config, model.Baselines, 8, 8));
        double n = total.Tally.Events;
        UnknownMarks unknown = UnknownMarks.In(sequences, model.Config.Marks);
        return new Evaluation
        {
            Sequences = sequences.Count,
            Events = total.Tally.Events,
            PastEvents = scored.Sum(s => (long)s.Past),
            Nll = -(total.Tally.Time + total.Tally.Mark + total.Values.LogLikelihood) / n,
            NllTime = -total.Tally.Time / n,
            NllMark = model.Config.Marks.Count == 0 ? 0 : -total.Tally.Mark / n,
            NllValue = model.ForecastValues.Length == 0 ? null : -total.Values.LogLikelihood / n,
            Values = model.Values is null ? null : total.Values.Errors(),
            Labels = total.Told.Count == 0 ? null : LabelScores(total.Told, model.Config.Labels!),
            Accuracy = total.Tally.Hits / n,
            AccuracyGivenGap = total.HitsGivenGap / n,
            Rmse = Math.Sqrt(total.SquaredError / n),
            PitKs = total.Tally.PitKs(),
            Pit = total.Tally.PitHistogram(),
            BySeen = total.Tally.BySeen(),
            StateBytesPerStream = model.StateBytesAfter(scored.Max(s => s.Times.Length)),
            Errors = total.Tally.Errors(model.Config.Marks.Count > 0),
            OpenEnds = total.Tally.OpenEnds == 0 ? null : total.Tally.OpenEnds,
            NllOpenEnd = total.Tally.NllOpenEnd,
            AsTrained = model.Config.Adapt
                ? new BaselineScore(-total.TrainedTime / n, model.Config.Marks.Count == 0 ? null : -total.TrainedMark / n) : null,
            UnknownMarks = unknown.Events,
            UnknownMarkExamples = unknown.Examples,
            Baselines = new Dictionary<string, BaselineScore>
            {
                ["exponential"] = new(-total.Exponential / n, null),
                ["logNormalMixture"] = new(-total.Mixture / n, null),
                ["running"] = new(-running.Time / n, model.Config.Marks.Count == 0 ? null : -running.Mark / n),
                ["markov"] = new(null, model.Config.Marks.Count == 0 ? null : -total.Markov / n),
            },
        };
    }

    private static Sums Score(Forecaster forecaster, EventSequence[] sequences, double cell)
    {
        ForecastModel model = forecaster.Model;
        ModelConfig config = model.Config;
        int d = config.Width, marks = config.Marks.Count, timeOutputs = model.Layout.TimeWeight.Stride;
        EncodedSequence[] encoded = [.. sequences.Select(s => new EncodedSequence(s, config, model.MarkIndices, openEnd: true,
            everyEvent: config.Labels is not null))];
        using var pass = new NetworkPass(config, model.Layout, model.TimeHead, model.ValueMixtures);
        pass.Run(model.Weights.Pointer, encoded, null, 0);
        using AdaptedPass? adapted = config.Adapt ? new AdaptedPass(model, pass, encoded) : null;
        ReadOnlySpan<double> logTimes = adapted is null ? pass.LogTimes : adapted.LogTimes;
        ReadOnlySpan<double> logMarks = adapted is null ? pass.LogMarks : adapted.LogMarks;
        var sums = new Sums(model, cell);
        sums.Tally.AddOpenEnds(adapted?.OpenEnds ?? pass.OpenEnds, encoded.Count(s => s.OpenEnd is not null));
        for (int i = 0, first = 0; i < sequences.Length; first += encoded[i].Rows, i++)
        {
            if (pass.Labels is not null && sequences[i].Label is { } label && config.Labels!.Contains(label) && encoded[i].Rows > 0)
            {
                sums.Told.Add((label, [.. Enumerable.Range(first, encoded[i].Rows)
                    .Select(row => MarkHead.Probabilities(pass.Labels.Logits(row)))]));
            }
            for (int t = sequences[i].FirstScored; t < sequences[i].Times.Length; t++)
            {
                int row = first + t - 1;
                double gap = sequences[i].Times[t] - sequences[i].Times[t - 1];
                ReadOnlySpan<float> basis = adapted is null ? new(pass.Buffers.Hidden + (nint)row * d, d) : adapted.Basis(row);
                var timeOutput = new ReadOnlySpan<float>(pass.Buffers.Time + (nint)row * timeOutputs, timeOutputs);
                GapDistribution distribution = model.DecodeTime(timeOutput);
                RemainingGap next = distribution.Given(0);
                double error = next.RestrictedMean(config.GapCeiling) - gap;
                sums.SquaredError += error * error;
                int mark = encoded[i].Marks[t];
                sums.TrainedTime += pass.LogTimes[row];
                sums.TrainedMark += marks > 0 ? pass.LogMarks[row] : 0;
                sums.Exponential += model.Baselines.LogExponential(gap);
                sums.Mixture += model.Baselines.LogMixture(gap);
                sums.Markov += model.Baselines.LogMarkov(encoded[i].Marks[t - 1], mark);
                bool isHit = false;
                double confidence = 0;
                (double Tau, double Weight)[] nodes = next.Nodes(Nodes);
                if (marks > 0)
                {
                    var logits = new ReadOnlySpan<float>(pass.Buffers.MarkLogits + (nint)row * model.Layout.Marks!.Weight.Stride, marks);
                    sums.HitsGivenGap += MarkHead.Largest(logits) == mark ? 1 : 0;
                    double[] probabilities = forecaster.MarkProbabilities(basis, nodes);
                    confidence = probabilities.Max();
                    isHit = Array.IndexOf(probabilities, confidence) == mark;
                }
                sums.Tally.Add(t, distribution.Score(gap, cell, next, nodes) with { LogDensity = logTimes[row] },
                    marks > 0 ? logMarks[row] : 0, confidence, isHit);
                if (pass.Values is { } values)
                {
                    sums.Values.Add(values.Outputs(row), encoded[i].Values!, t);
                }
            }
        }
        return sums;
    }

    /// <summary>After 1, 2, 4, ... events while half of the streams have so many, and after all.</summary>
    private static LabelScore[] LabelScores(List<(string Label, double[][] Said)> told, IReadOnlyList<string> labels)
    {
        int[] lengths = [.. told.Select(t => t.Said.Length).Order()];
        var after = new List<int?>();
        for (int n = 1; n <= lengths[lengths.Length / 2]; n *= 2)
        {
            after.Add(n);
        }
        return [.. after.Append(null).Select(n => LabelScore.Of(told, labels, n))];
    }

    /// <summary>What a piece of the sequences adds.</summary>
    private sealed class Sums(ForecastModel model, double cell)
    {
        public double SquaredError, Exponential, Mixture, Markov, TrainedTime, TrainedMark;
        public long HitsGivenGap;
        public readonly ScoreTally Tally = new(cell);
        public readonly ValueTally Values = new(model);
        public readonly List<(string Label, double[][] Said)> Told = [];

        public void Add(Sums other)
        {
            Tally.Add(other.Tally);
            Values.Add(other.Values);
            Told.AddRange(other.Told);
            SquaredError += other.SquaredError;
            HitsGivenGap += other.HitsGivenGap;
            Exponential += other.Exponential;
            Mixture += other.Mixture;
            Markov += other.Markov;
            TrainedTime += other.TrainedTime;
            TrainedMark += other.TrainedMark;
        }
    }
}
