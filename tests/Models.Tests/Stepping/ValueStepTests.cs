using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Stepping;

/// <summary>Models that forecast values, event by event.</summary>
public sealed class ValueStepTests
{
    private const int Streams = 150, Events = 40;

    /// <summary>Set in the processes that <see cref="Score_WhenTheProcessorsVectorsAreNarrower_IsTheSame"/> starts.</summary>
    private const string ExpectedDigest = "FORETELL_TEST_VALUE_DIGEST";

    [Theory]
    [InlineData("aaren", 3, 1)]
    [InlineData("aaren", 0, 3)]
    [InlineData("linear", 3, 2)]
    [InlineData("softmax", 2, 16)]
    public unsafe void Score_WhenComparedWithTheParallelForm_AgreesEventByEvent(string mixer, int marks, int values)
    {
        const int Long = 300;
        ForecastModel model = Model(marks, values, mixer);
        EventSequence history = TestModels.History(Long, marks).WithValues(model.Config);
        var encoded = new EncodedSequence(history, model.Config, model.MarkIndices, openEnd: false);
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead, model.ValueMixtures);
        pass.Run(model.Weights.Pointer, [encoded], null, 0);
        StepScore[] scores = Stepped(model, history);

        double sum = 0;
        for (int t = 1; t < Long; t++)
        {
            double expected = LogValues(model, pass.Values!.Outputs(t - 1), encoded.Values!, t);
            Assert.Equal(expected, scores[t].Value, 1e-5 * (1 + Math.Abs(expected)));
            Assert.Equal(pass.LogTimes[t - 1], scores[t].Time, 1e-4);
            sum += expected;
        }
        Assert.Equal(sum, pass.Others, 1e-9 * Math.Abs(sum));
        Evaluation evaluation = Evaluator.Evaluate(model, [history]);
        Assert.Equal(-sum / (Long - 1), evaluation.NllValue!.Value, 1e-9 * Math.Abs(sum));
        Assert.Equal(-scores.Average(s => s.Value) * Long / (Long - 1), evaluation.NllValue.Value, 1e-5);
        Assert.Equal(evaluation.NllTime + evaluation.NllMark + evaluation.NllValue.Value, evaluation.Nll, 1e-9);
        Assert.Equal(evaluation.NllValue.Value, evaluation.Values!.Sum(v => v.Nll * v.Events / (Long - 1) + v.PresenceNll), 1e-9);
    }

    /// <summary>Against the plain distribution by the parallel form: no bin is off by more than the forms differ.</summary>
    [Theory]
    [InlineData(3, 1)]
    [InlineData(0, 16)]
    public unsafe void Score_OfValues_HasTheBinsOfTheirPlainDistributions(int marks, int values)
    {
        const int Long = 300;
        const double Difference = 0.01;
        ForecastModel model = Model(marks, values);
        EventSequence history = TestModels.History(Long, marks).WithValues(model.Config);
        var encoded = new EncodedSequence(history, model.Config, model.MarkIndices, openEnd: false);
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead, model.ValueMixtures);
        pass.Run(model.Weights.Pointer, [encoded], null, 0);
        StepScore[] scores = Stepped(model, history);

        Assert.Equal(default, scores[0].ValueBins);
        var seen = new HashSet<int>();
        for (int t = 1; t < Long; t++)
        {
            for (int i = 0; i < ModelLimits.Values; i++)
            {
                if (i >= values || float.IsNaN(encoded.Values!.Z[t * values + i]))
                {
                    Assert.Null(scores[t].ValueBins[i]);
                    continue;
                }
                double place = ValueBins.Count * Below(model, pass.Values!.Outputs(t - 1), encoded.Values, t, i);
                int bin = scores[t].ValueBins[i]!.Value;
                Assert.InRange(place, bin - Difference, bin + 1 + Difference);
                seen.Add(bin);
            }
        }
        Assert.InRange(seen.Count, 80, ValueBins.Count);
    }

    [Fact]
    public void Score_OfAFact_HasNoBinOfIt()
    {
        ModelConfig config = TestModels.Config(marks: 0).WithValues(3);
        ForecastModel model = ForecastModel.Untrained(
            config with { Values = [.. config.Values!.Select((v, i) => v with { IsFact = i == 1 })] }, TestModels.WeightsSeed);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var score = new StepScore[1];
        backend.ScoreAndStep([new StepInput(0, 0, 0, 0)], score, [0, 0, 0]);
        backend.ScoreAndStep([new StepInput(0, 0, 1, 1)], score, [0, 0, 0]);

        Assert.Equal([true, false, true], Enumerable.Range(0, 3).Select(i => score[0].ValueBins[i] is not null));
    }

    [Fact]
    public void Score_OfValues_HasTheirBaselineAndCountsNoFirstEvent()
    {
        ForecastModel model = Model(3, 3);
        EventSequence history = TestModels.History(Events).WithValues(model.Config);
        float[] z = EncodedValues.Standardise(history, model.Config.Values!);
        StepScore[] scores = Stepped(model, history);

        Assert.Equal((0, 0), (scores[0].Value, scores[0].BaselineValue));
        for (int t = 1; t < Events; t++)
        {
            double expected = model.Config.Values!.Select((scale, i) => ValueScore.Baseline(scale, z[t * 3 + i])).Sum();
            Assert.Equal(expected, scores[t].BaselineValue, 1e-5 * Math.Abs(expected));
        }
    }

    [Theory]
    [InlineData("aaren", 0)]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    [InlineData("h2o", 12)]
    public void ScoreAndStep_WhenBatchAndOrderOfRowsDiffer_GivesTheSameBits(string mixer, int states)
    {
        ForecastModel model = Model(3, 3, mixer, states).WithAdaptation(true);
        (float[][] rows, StepScore[][] scores) = Feed(model, batch: Streams);
        foreach (int batch in new[] { 1, 2, 7, 48, 49 })
        {
            (float[][] otherRows, StepScore[][] otherScores) = Feed(model, batch);
            for (int i = 0; i < Streams; i++)
            {
                Assert.Equal(rows[i], otherRows[i]);
                Assert.Equal(scores[i], otherScores[i]);
            }
        }
    }

    /// <summary>The runtime's own switches hide instruction sets from a process: 512-bit vectors, then all above 128 bits with the fused
    /// multiply-add. This test runs itself in such processes.</summary>
    [Fact]
    public async Task Score_WhenTheProcessorsVectorsAreNarrower_IsTheSame()
    {
        (float[][] rows, StepScore[][] scores) = Feed(Model(3, 5).WithAdaptation(true), batch: 9, streams: 20);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Array.ForEach(rows, row => hash.AppendData(MemoryMarshal.AsBytes<float>(row)));
        float[] said =
            [.. scores.SelectMany(own => own).SelectMany(s => new[] { s.Time, s.Mark, s.Value, s.BaselineValue, s.Pit, s.PValue })];
        hash.AppendData(MemoryMarshal.AsBytes<float>(said));
        foreach (StepScore score in scores.SelectMany(own => own))
        {
            hash.AppendData([.. Enumerable.Range(0, 5).Select(i => (byte)(score.ValueBins[i] ?? byte.MaxValue))]);
        }
        string digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (Environment.GetEnvironmentVariable(ExpectedDigest) is { } expected)
        {
            Assert.Equal(expected, digest);
            return;
        }
        foreach (string hidden in new[] { "DOTNET_EnableAVX512", "DOTNET_EnableAVX2" })
        {
            using Process other = Process.Start(new ProcessStartInfo("dotnet",
                ["exec", typeof(ValueStepTests).Assembly.Location, "-method", $"*{nameof(Score_WhenTheProcessorsVectorsAreNarrower_IsTheSame)}"])
            {
                RedirectStandardOutput = true,
                Environment = { [ExpectedDigest] = digest, [hidden] = "0" },
            })!;
            string output = await other.StandardOutput.ReadToEndAsync();
            await other.WaitForExitAsync();
            Assert.True(other.ExitCode == 0 && output.Contains("Total: 1"), output);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Row_OfAStream_HasSixteenBytesAValueHoweverLongItIs(int values)
    {
        ForecastModel plain = Model(3, 0), model = Model(3, values);
        Assert.Equal(plain.StateBytes + 16 * values, model.StateBytes);
        Assert.Equal(plain.MixerFloats, model.MixerFloats);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] z = new float[values];
        for (int t = 0; t < 1000; t++)
        {
            backend.Step([new StepInput(0, t % 3, 1, t)], z);
            Assert.Equal(model.StateFloats, backend.RowFloats(0));
        }
        Assert.Equal(model.StateBytes, model.StateBytesAfter(100_000_000));
    }

    [Fact]
    public void Write_WhenARowMovesToAnotherBackend_GoesOnWithTheSameBits()
    {
        ForecastModel model = Model(3, 3).WithAdaptation(true);
        EventSequence history = TestModels.History(Events).WithValues(model.Config);
        float[] z = EncodedValues.Standardise(history, model.Config.Values!);
        using IStateBackend whole = new CpuStateBackend(model), first = new CpuStateBackend(model), second = new CpuStateBackend(model);
        using var scorer = new EventScorer(model);
        Array.ForEach([whole, first, second], b => b.EnsureCapacity(2));
        float[] basis = new float[model.BasisFloats];
        StepScore[] expected = new StepScore[1], moved = new StepScore[1], apart = new StepScore[1];
        for (int t = 0; t < Events; t++)
        {
            ReadOnlySpan<float> values = z.AsSpan(3 * t, 3);
            whole.ReadBasis(0, basis);
            scorer.Score([Input(model, history, t, 0)], basis, apart, values);
            whole.ScoreAndStep([Input(model, history, t, 0)], expected, values);
            IStateBackend other = t < 17 ? first : second;
            other.Score([Input(model, history, t, 1)], moved, values);
            other.Step([Input(model, history, t, 1)], values);
            Assert.Equal(expected, moved);
            Assert.Equal(expected, apart);
            if (t == 16)
            {
                second.Write(1, Row(first, model, 1));
                Assert.Equal(Row(first, model, 1), Row(second, model, 1));
            }
        }
        Assert.Equal(Row(whole, model, 0), Row(second, model, 1));
        float[] damaged = Row(whole, model, 0);
        damaged[^1] = float.NaN;
        Assert.Throws<ArgumentException>(() => second.Write(0, damaged));
    }

    [Fact]
    public void Step_WithoutValues_IsAsIfEachWereMissing()
    {
        ForecastModel model = Model(3, 2);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(2);
        var scores = new StepScore[2];
        for (int t = 0; t < 5; t++)
        {
            backend.Score([new StepInput(0, 1, 2, t)], scores.AsSpan(0, 1));
            backend.Score([new StepInput(1, 1, 2, t)], scores.AsSpan(1, 1), [float.NaN, float.NaN]);
            Assert.Equal(scores[0], scores[1]);
            backend.Step([new StepInput(0, 1, 2, t)]);
            backend.Step([new StepInput(1, 1, 2, t)], [float.NaN, float.NaN]);
        }
        Assert.Equal(Row(backend, model, 0), Row(backend, model, 1));
        Assert.True(scores[0].Value < 0);
    }

    [Fact]
    public void Step_WhenValuesAreNotThoseOfTheEvents_SaysSoAndChangesNothing()
    {
        ForecastModel model = Model(3, 2);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(2);
        StepInput[] inputs = [new StepInput(0, 0, 1, 1), new StepInput(1, 0, 1, 1)];
        float[][] wrong = [[1, 2, 3], [1, 2, 3, 4, 5], [1, 2, float.PositiveInfinity, 3], [float.NegativeInfinity, 0, 0, 0]];
        using IStateBackend without = new CpuStateBackend(Model(3, 0));
        foreach (float[] values in wrong)
        {
            Assert.Throws<ArgumentException>(() => backend.Step(inputs, values));
            Assert.Throws<ArgumentException>(() => backend.Score(inputs, new StepScore[2], values));
            Assert.Throws<ArgumentException>(() => backend.ScoreAndStep(inputs, new StepScore[2], values));
            Assert.Throws<ArgumentException>(() => without.Step(inputs, values));
        }
        float[] empty = new float[model.StateFloats];
        model.State.WriteEmpty(empty);
        Assert.Equal(empty, Row(backend, model, 0));
    }

    /// <summary>However far out a value lies, score and row are numbers, and the stream goes on.</summary>
    [Fact]
    public void ScoreAndStep_WhenValuesAreExtreme_StaysFinite()
    {
        ForecastModel model = Model(3, 3).WithAdaptation(true);
        double[] extremes = [1e300, -1e300, 0, -0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, -3, 1e-310];
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var random = new RandomStream(1);
        var score = new StepScore[1];
        for (int t = 0; t < 3000; t++)
        {
            float[] z = [.. model.Config.Values!.Select(scale =>
                scale.Standardise(t % 500 > 300 ? 0.5 + random.NextDouble() : extremes[random.NextInt(extremes.Length)]))];
            backend.ScoreAndStep([new StepInput(0, t % 3, 1, t)], score, z);

            Assert.All(Row(backend, model, 0), x => Assert.True(float.IsFinite(x)));
            Assert.True(float.IsFinite(score[0].Value) && float.IsFinite(score[0].BaselineValue), $"Event {t}: {score[0]}");
            Assert.InRange(score[0].PValue, t == 0 ? 0 : 1e-37f, 1);
        }
        Forecast forecast = new Forecaster(model).Forecast(Row(backend, model, 0), 1);
        Assert.All(forecast.Values(), v => Assert.True(double.IsFinite(v.Mean) && double.IsFinite(v.Quantile(0.999))));
        Assert.All(forecast.Sums(50), sum => Assert.True(double.IsFinite(sum.Mean) && double.IsFinite(sum.StandardError)));
    }

    /// <summary>A model of one stream whose amounts become a hundred times as large every 10,000 events, and as small again: no event of a
    /// million leaves anything but numbers, and behind each change scores come back.</summary>
    [Fact]
    public void ScoreAndStep_WhenTheScaleKeepsChanging_NeitherStallsNorOverflows()
    {
        const int Period = 10_000, Changes = 60;
        ModelConfig config = TestModels.Config(marks: 0, width: 16, layers: 1, heads: 2) with
        {
            ForecastsValues = true,
            Values = [new ValueScale("a", 3, 1.5) { Floor = 1e-6, Within = 0.2 }],
        };
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var random = new RandomStream(Streams);
        var score = new StepScore[1];
        for (int change = 0; change < Changes; change++)
        {
            double sum = 0;
            for (int t = 0; t < Period; t++)
            {
                double value = Math.Exp(3 + (change % 2 == 0 ? -2.3 : 2.3) + 0.3 * random.NextNormal());
                backend.ScoreAndStep([new StepInput(0, 0, 1, change * Period + t)], score, [config.Values![0].Standardise(value)]);
                Assert.True(float.IsFinite(score[0].Value));
                sum += t >= 600 ? score[0].Value : 0;
            }
            // A normal of the events' own deviation has -ln(0.2 sqrt(2 pi e)) = 0.19 a value; one of training's has -1.7.
            Assert.InRange(sum / (Period - 600), -1.3, 0.19);
        }
    }

    /// <summary>A path draws values from what scores say of them: transformed by their own scores they are uniform.</summary>
    [Fact]
    public void PValueAndBins_WhenEventsComeFromTheModelItself_AreUniform()
    {
        const int Draws = 4000;
        ForecastModel model = Model(0, 1);
        using IStateBackend backend = Begun(model, TestModels.History(Events, 0).WithValues(model.Config));
        IReadOnlyList<SampledPath> paths = new Forecaster(model).Forecast(Row(backend, model, 0), 0).Paths(Draws, 1000);
        var calibration = new Calibration();
        double[] p = [.. paths.Select(path =>
        {
            var score = new StepScore[1];
            float z = model.Config.Values![0].Standardise(path.Events[0].Values![0]);
            backend.Score([new StepInput(0, 0, path.Events[0].Seconds, Events)], score, [z]);
            calibration.Add(score[0]);
            return (double)score[0].PValue;
        })];

        Assert.True(paths.Any(path => double.IsNaN(path.Events[0].Values![0])) && paths.Any(path => path.Events[0].Values![0] > 0));
        // The tail's share of a thousandth is not drawn.
        Assert.True(Kolmogorov.Distance(p, x => x) < Kolmogorov.Bound(Draws) + 0.001, $"p {Kolmogorov.Distance(p, x => x)}");
        long came = paths.Count(path => !double.IsNaN(path.Events[0].Values![0]));
        Assert.Equal((Draws, came), (calibration.Events, calibration.ValuePit(0).ToArray().Sum()));
        Assert.InRange(calibration.ValuePitKs(0)!.Value, 0, Kolmogorov.Bound((int)came) + 0.001);
    }

    /// <summary>A model with values and one without say the same of times and marks where they have the same tensors for them.</summary>
    [Fact]
    public void PValue_WhenAnEventHasNoValue_IsThatOfItsGapAndMark()
    {
        ForecastModel model = Model(3, 2);
        EventSequence history = TestModels.History(Events).WithValues(model.Config);
        using IStateBackend backend = Begun(model, history);
        StepScore[] without = new StepScore[1], middle = new StepScore[1], far = new StepScore[1];
        StepInput input = new(0, 1, 0.3, Events);
        backend.Score([input], without);
        IReadOnlyList<ValueForecast> told = new Forecaster(model).Forecast(Row(backend, model, 0), 0).Values();
        float z = model.Config.Values![0].Standardise(told[0].Quantile(0.5));
        backend.Score([input], middle, [z, float.NaN]);
        backend.Score([input], far, [z + 30, float.NaN]);

        Assert.Equal((without[0].Time, without[0].Mark, without[0].Pit), (far[0].Time, far[0].Mark, far[0].Pit));
        Assert.InRange(far[0].PValue, 0, 0.1 * without[0].PValue);
        Assert.True(middle[0].PValue > far[0].PValue && middle[0].Value > far[0].Value);
    }

    private static ForecastModel Model(int marks, int values, string mixer = "aaren", int states = 0) => ForecastModel.Untrained(
        TestModels.Config(marks: marks).WithValues(values) with { Mixer = mixer, States = states }, TestModels.WeightsSeed);

    /// <summary>Probability of a smaller value than came.</summary>
    private static double Below(ForecastModel model, ReadOnlySpan<float> outputs, EncodedValues values, int t, int i)
    {
        int at = t * model.ValueCount + i;
        double u = ((double)values.Z[at] - values.Level[at]) / values.Unit[at], tail = 0.5 / (1 + Math.Abs(u) / 4);
        ValueMixture mixture = model.ValueMixtures[i];
        double[] logWeight = new double[mixture.Components], mean = [.. logWeight], deviation = [.. logWeight];
        mixture.Decode(outputs[ValueHead.MixtureAt(i)..ValueHead.PresenceAt(i)], logWeight, mean, deviation);
        return 0.999 * new NormalMixture(logWeight, mean, deviation).Cdf(u) + 0.001 * (u < 0 ? tail : 1 - tail);
    }

    private static double LogValues(ForecastModel model, ReadOnlySpan<float> outputs, EncodedValues values, int t)
    {
        double sum = 0;
        for (int i = 0; i < model.ValueCount; i++)
        {
            int at = t * model.ValueCount + i;
            float z = values.Z[at];
            sum += TieHead.Log(outputs[ValueHead.PresenceAt(i)], !float.IsNaN(z));
            sum += float.IsNaN(z) ? 0 : model.ValueMixtures[i].LogDensity(outputs[ValueHead.MixtureAt(i)..ValueHead.PresenceAt(i)],
                ((double)z - values.Level[at]) / values.Unit[at], 0, []) - Math.Log(values.Unit[at]);
        }
        return sum;
    }

    private static StepScore[] Stepped(ForecastModel model, EventSequence history)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] z = EncodedValues.Standardise(history, model.Config.Values!);
        var scores = new StepScore[history.Times.Length];
        for (int t = 0; t < scores.Length; t++)
        {
            backend.ScoreAndStep([Input(model, history, t, 0)], scores.AsSpan(t, 1), z.AsSpan(t * model.ValueCount, model.ValueCount));
        }
        return scores;
    }

    /// <summary>A backend whose row 0 has read a history.</summary>
    private static CpuStateBackend Begun(ForecastModel model, EventSequence history)
    {
        var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] z = EncodedValues.Standardise(history, model.Config.Values!);
        for (int t = 0; t < history.Times.Length; t++)
        {
            backend.Step([Input(model, history, t, 0)], z.AsSpan(t * model.ValueCount, model.ValueCount));
        }
        return backend;
    }

    private static (float[][] Rows, StepScore[][] Scores) Feed(ForecastModel model, int batch, int streams = Streams)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(streams);
        EventSequence[] histories =
            [.. Enumerable.Range(0, streams).Select(i => TestModels.History(Events, seed: 100 + i).WithValues(model.Config, seed: i))];
        float[][] z = Array.ConvertAll(histories, h => EncodedValues.Standardise(h, model.Config.Values!));
        StepScore[][] scores = Array.ConvertAll(histories, _ => new StepScore[Events]);
        int v = model.ValueCount;
        for (int t = 0; t < Events; t++)
        {
            int[] order = [.. Enumerable.Range(0, streams)];
            if (batch % 2 == 1)
            {
                Array.Reverse(order);
            }
            foreach (int[] part in order.Chunk(batch))
            {
                var said = new StepScore[part.Length];
                backend.ScoreAndStep(Array.ConvertAll(part, i => Input(model, histories[i], t, i)), said,
                    [.. part.SelectMany(i => z[i][(t * v)..(t * v + v)])]);
                for (int i = 0; i < part.Length; i++)
                {
                    scores[part[i]][t] = said[i];
                }
            }
        }
        return ([.. Enumerable.Range(0, streams).Select(i => Row(backend, model, i))], scores);
    }

    private static StepInput Input(ForecastModel model, EventSequence history, int t, int row) => new(row,
        history.Marks is { } marks ? model.MarkIndices[marks[t]] : 0, t == 0 ? 0 : history.Times[t] - history.Times[t - 1], t);

    private static float[] Row(IStateBackend backend, ForecastModel model, int row)
    {
        var state = new float[backend.RowFloats(row)];
        Assert.Equal(model.Grows, state.Length > model.StateFloats);
        backend.Read(row, state);
        return state;
    }
}
