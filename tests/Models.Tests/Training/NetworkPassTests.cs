using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.Reference;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

public unsafe class NetworkPassTests
{
    private const int PerturbationSeed = 21;

    [Theory]
    [InlineData(true, 3, 0.0)]
    [InlineData(true, 0, 0.0)]
    [InlineData(false, 3, 0.0)]
    [InlineData(true, 2, 0.5)]
    [InlineData(true, 3, 0.0, 2.5)]
    [InlineData(true, 0, 0.5, 40.0)]
    [InlineData(false, 2, 0.0, 0.0)]
    [InlineData(true, 3, 0.0, 2.5, 1)]
    public void Run_WhenComparedWithPlainLoopsInDouble_AgreesForwardsAndBackwards(bool decay, int marks, double resolution,
        double? silence = null, int events = 9)
    {
        ModelConfig config =
            TestModels.Config(decay, marks, width: 16, heads: 2) with { Resolution = resolution, Censored = silence is not null };
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        EventSequence history = Round(TestModels.History(events, marks), resolution);
        history = history with { Until = history.Times[^1] + silence };
        NormalMixture anchor = TestModels.Anchor(model);

        // Biases and gains start at round numbers, where a wrong gradient can hide: move everything a little first.
        using var weights = new AlignedBuffer(model.Layout.Length);
        model.Weights.Span.CopyTo(weights.Span);
        var random = new RandomStream(PerturbationSeed);
        foreach (Parameter p in model.Layout.All)
        {
            for (int i = 0; i < p.Rows * p.Columns; i++)
            {
                weights.Span[TestModels.Place(p, i)] += (float)(0.1 * random.NextNormal());
            }
        }

        using var gradient = new AlignedBuffer(model.Layout.Length);
        using var pass = new NetworkPass(config, model.Layout, model.TimeHead);
        pass.Run(weights.Pointer, [new EncodedSequence(history, config, model.MarkIndices, openEnd: true)], gradient.Pointer, 1);

        Dictionary<string, double[]> tensors = TestModels.Tensors(model.Layout, weights.Span);
        (double time, double mark) = ReferenceNetwork.LogLikelihood(config, n => tensors[n], anchor, history);
        Assert.Equal(time, pass.Time + pass.OpenEnds, 2e-4);
        Assert.Equal(silence > 0, pass.OpenEnds < -1e-9);
        Assert.Equal(mark, pass.Mark, 2e-4);

        foreach (Parameter p in model.Layout.All)
        {
            // A few elements of each tensor: the differences cost two whole passes each.
            double[] values = tensors[p.Name];
            foreach (int i in Enumerable.Range(0, 6).Select(_ => random.NextInt(values.Length)).Distinct())
            {
                double Of(double[] x)
                {
                    (double t, double m) = ReferenceNetwork.LogLikelihood(config, n => n == p.Name ? x : tensors[n], anchor, history);
                    return t + m;
                }
                double expected = FiniteDifference.Of(Of, values, i), actual = gradient.Span[TestModels.Place(p, i)];
                Assert.True(Math.Abs(expected - actual) <= 2e-3 * (1 + Math.Abs(expected)),
                    $"{p.Name}[{i}]: backward pass {actual}, differences {expected}.");
            }
        }
    }

    /// <summary>A thread that has nothing to do in a small batch adds nothing, whatever it had in the one before.</summary>
    [Fact]
    public void Run_WithoutRowsBehindARunWithSome_AddsNothing()
    {
        ForecastModel model = TestModels.Model();
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead);
        var some = new EncodedSequence(TestModels.History(5), model.Config, model.MarkIndices, openEnd: false);
        pass.Run(model.Weights.Pointer, [some], null, 0);
        Assert.True(pass.Time < 0 && pass.LogTimes.Length == 4);

        pass.Run(model.Weights.Pointer, [], null, 0);

        Assert.Equal((0, 0, 0, 0, 0), (pass.Time, pass.Mark, pass.OpenEnds, pass.Others, pass.LogTimes.Length));
    }

    /// <summary>Values among them a missing one, and a label after every event.</summary>
    [Fact]
    public void Run_WithValuesAndALabel_AgreesWithPlainLoopsForwardsAndBackwards()
    {
        const int Events = 7;
        ModelConfig config = TestModels.Config(width: 16, heads: 2) with
        {
            Values = [new ValueScale("a", 2, 0.5), new ValueScale("b", -1, 3)],
            Labels = ["x", "y", "z"],
        };
        var layout = new ParameterLayout(config);
        var random = new RandomStream(PerturbationSeed);
        double[] a = [.. Enumerable.Range(0, Events).Select(t => t == 3 ? double.NaN : 2 + 0.5 * random.NextNormal())];
        double[] b = [.. Enumerable.Range(0, Events).Select(_ => -1 + 3 * random.NextNormal())];
        EventSequence history = TestModels.History(Events) with
        {
            Values = new Dictionary<string, double[]> { ["a"] = a, ["b"] = b },
            Label = "y",
        };
        Dictionary<string, int> marks = ForecastModel.IndexMarks(config.Marks);

        HeadCheck.Agrees(layout, config, new EncodedSequence(history, config, marks, openEnd: false, everyEvent: true), random,
            network => Enumerable.Range(0, Events).Sum(t => network.Labels(network.Step(marks[history.Marks![t]],
                t == 0 ? null : history.Times[t] - history.Times[t - 1], [a[t], b[t]]))[1]));
    }

    /// <summary>Values with holes, read as they are and as logarithms, in each stream's own level and unit: input and head.</summary>
    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(3, 3, true)]
    [InlineData(2, 0, true)]
    [InlineData(5, 2, true)]
    public void Run_WithForecastsOfValues_AgreesWithPlainLoopsForwardsAndBackwards(int values, int marks, bool holes)
    {
        const int Events = 9;
        ModelConfig config = TestModels.Config(marks: marks, width: 16, heads: 2).WithValues(values);
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        NormalMixture[] anchors = [.. model.ValueMixtures.Select(TestModels.Anchor)];
        EventSequence history = TestModels.History(Events, marks).WithValues(config, holes);
        var encoded = new EncodedSequence(history, config, model.MarkIndices, openEnd: false);

        HeadCheck.Agrees(model.Layout, config, encoded, new RandomStream(PerturbationSeed), network =>
        {
            var own = new ReferenceValues(config.Values!);
            double[] hidden = [];
            return Enumerable.Range(0, Events).Sum(t =>
            {
                double? gap = t == 0 ? null : history.Times[t] - history.Times[t - 1];
                double[] came = [.. config.Values!.Select(v => history.Values![v.Name][t])];
                double log = gap is { } tau ? network.LogValues(hidden, tau, encoded.Marks[t], came, own, anchors) : 0;
                hidden = network.Step(encoded.Marks[t], gap, came, own: own);
                return log;
            });
        }, model.ValueMixtures);
    }

    /// <summary>Moments as an input, and the time to the last event, of which the last event says nothing.</summary>
    [Fact]
    public void Run_WithACalendarAndTheRemainingTime_AgreesWithPlainLoopsForwardsAndBackwards()
    {
        const int Events = 7;
        ModelConfig config = TestModels.Config(width: 16, heads: 2) with
        {
            TimeUnitSeconds = 3600,
            Calendar = true,
            Remaining = new RemainingScale(1.5, 0.8),
        };
        var layout = new ParameterLayout(config);
        var random = new RandomStream(PerturbationSeed);
        EventSequence history = TestModels.History(Events) with { Until = double.PositiveInfinity };
        Dictionary<string, int> marks = ForecastModel.IndexMarks(config.Marks);

        double[] times = history.Times;
        HeadCheck.Agrees(layout, config, new EncodedSequence(history, config, marks, openEnd: true), random,
            network => Enumerable.Range(0, Events - 1).Sum(t => network.LogRemaining(network.Step(marks[history.Marks![t]],
                t == 0 ? null : times[t] - times[t - 1], seconds: 3600 * times[t]), times[^1] - times[t])));
    }

    [Fact]
    public void Run_WhenSequencesAreSplitOverPasses_GivesTheSumOfTheirGradients()
    {
        ForecastModel model = TestModels.Model();
        EncodedSequence[] sequences =
            [.. Enumerable.Range(0, 3)
            .Select(i => new EncodedSequence(TestModels.History(5 + i, seed: 30 + i), model.Config, model.MarkIndices, openEnd: false))];
        float[] together = Gradient(model, sequences);
        var apart = new float[together.Length];
        foreach (EncodedSequence sequence in sequences)
        {
            float[] one = Gradient(model, [sequence]);
            for (int i = 0; i < apart.Length; i++)
            {
                apart[i] += one[i];
            }
        }
        for (int i = 0; i < apart.Length; i++)
        {
            Assert.Equal(together[i], apart[i], 1e-3f);
        }
    }

    private static float[] Gradient(ForecastModel model, EncodedSequence[] sequences)
    {
        using var gradient = new AlignedBuffer(model.Layout.Length);
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead);
        pass.Run(model.Weights.Pointer, sequences, gradient.Pointer, 1);
        return gradient.Span.ToArray();
    }

    private static EventSequence Round(EventSequence history, double resolution) =>
        resolution == 0 ? history : history with { Times = Array.ConvertAll(history.Times, t => Math.Round(t / resolution) * resolution) };
}
