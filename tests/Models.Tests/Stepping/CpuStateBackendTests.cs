using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.Reference;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Stepping;

public class CpuStateBackendTests
{
    private const int Streams = 150, Events = 40;

    [Theory]
    [InlineData("aaren", 0, true)]
    [InlineData("aaren", 0, false)]
    [InlineData("linear", 0, true)]
    [InlineData("linear", 0, false)]
    [InlineData("softmax", 0, true)]
    [InlineData("tova", 12, true)]
    [InlineData("window+2", 12, false)]
    [InlineData("h2o", 12, true)]
    public void Step_WhenBatchAndOrderOfRowsDiffer_GivesTheSameBits(string mixer, int states, bool decay)
    {
        ForecastModel model =
            ForecastModel.Untrained(TestModels.Config(decay) with { Mixer = mixer, States = states }, TestModels.WeightsSeed);
        float[][] together = Feed(model, batch: Streams);
        foreach (int batch in new[] { 1, 2, 7, 48, 49 })
        {
            float[][] apart = Feed(model, batch);
            for (int i = 0; i < Streams; i++)
            {
                Assert.Equal(together[i], apart[i]);
            }
        }
    }

    [Theory]
    [InlineData("aaren", 0)]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    public void Score_WhenCalledApartFromTheStep_GivesTheSameBitsAndChangesNothing(string mixer, int states)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Mixer = mixer, States = states }, TestModels.WeightsSeed);
        EventSequence[] histories = [.. Enumerable.Range(0, 60).Select(i => TestModels.History(20 + i % 3))];
        using IStateBackend both = new CpuStateBackend(model), apart = new CpuStateBackend(model);
        both.EnsureCapacity(histories.Length);
        apart.EnsureCapacity(histories.Length);
        for (int t = 0; t < 20; t++)
        {
            StepInput[] inputs = [.. histories.Select((history, row) => Input(model, history, t, row))];
            StepScore[] together = new StepScore[inputs.Length], alone = new StepScore[inputs.Length], again = new StepScore[inputs.Length];

            both.ScoreAndStep(inputs, together);
            apart.Score(inputs, alone);
            apart.Score(inputs, again);
            apart.Step(inputs);

            Assert.Equal(together, alone);
            Assert.Equal(alone, again);
        }
        for (int row = 0; row < histories.Length; row++)
        {
            Assert.Equal(Read(both, row), Read(apart, row));
        }

        static float[] Read(IStateBackend backend, int row)
        {
            float[] state = new float[backend.RowFloats(row)];
            backend.Read(row, state);
            return state;
        }
    }

    [Theory]
    [InlineData(true, 3, 0.0, false)]
    [InlineData(false, 3, 0.0, false)]
    [InlineData(true, 0, 0.5, false)]
    [InlineData(true, 3, 0.0, true)]
    public void Step_WhenComparedWithTheNetworkOnOnePage_AgreesAfterEveryEvent(bool decay, int marks, double resolution, bool censored)
    {
        ModelConfig config = TestModels.Config(decay, marks) with { Resolution = resolution, Censored = censored };
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        Dictionary<string, double[]> tensors = TestModels.Tensors(model.Layout, model.Weights.Span);
        NormalMixture anchor = TestModels.Anchor(model);
        var network = new ReferenceNetwork(config, name => tensors[name]);
        EventSequence history = TestModels.History(Events, marks);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] hidden = new float[config.Width];
        double[] expected = [];
        for (int t = 0; t < Events; t++)
        {
            double? gap = t == 0 ? null : history.Times[t] - history.Times[t - 1];
            int mark = marks == 0 ? 0 : model.MarkIndices[history.Marks![t]];
            var score = new StepScore[1];
            backend.ScoreAndStep([new StepInput(0, mark, gap ?? 0, t)], score);
            if (gap is { } tau)
            {
                double[] outputs = network.Time(expected);
                Assert.Contains(outputs, output => Math.Abs(output) > 0.1);
                double coming = censored ? 1 - 1 / (1 + Math.Exp(-outputs[^1])) : 1;
                Assert.Equal(Math.Log(coming) + ReferenceNetwork.LogDensity(config, anchor, outputs, tau), score[0].Time, 1e-4);
                Assert.Equal(marks == 0 ? 0 : network.LogMarks(expected, tau)[mark], score[0].Mark, 1e-4);
                double survival = ReferenceNetwork.ToldSurvival(config, anchor, outputs, tau);
                float[] state = Row(backend, model, 0);
                hidden.CopyTo(state, model.MixerFloats);
                Assert.Equal(Math.Log(survival), new Forecaster(model).LogSurvival(state, tau), 1e-4);
            }
            backend.ReadBasis(0, hidden);
            expected = network.Step(mark, gap);
            Assert.All(hidden.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-4));
        }
    }

    [Fact]
    public void Step_WhenComparedWithTheParallelForm_GivesTheSameScores()
    {
        foreach (string mixer in new[] { "aaren", "linear", "softmax" })
        {
            foreach (bool decay in new[] { true, false })
            {
                int events = mixer == "aaren" ? 2000 : 300;
                ForecastModel model =
                    ForecastModel.Untrained(TestModels.Config(decay, width: 64) with { Mixer = mixer }, TestModels.WeightsSeed);
                EventSequence history = TestModels.History(events);
                (double stepTime, double stepMark) = Stepped(model, history);
                (double time, double mark) = Parallel(model, history);
                Assert.Equal(time, stepTime, 1e-4 * events);
                Assert.Equal(mark, stepMark, 1e-4 * events);
            }
        }
    }

    [Theory]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    [InlineData("tova", 12)]
    [InlineData("h2o", 12)]
    public void Write_WhenARowMovesToAnotherBackend_GoesOnWithTheSameBits(string mixer, int states)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Mixer = mixer, States = states }, TestModels.WeightsSeed);
        EventSequence history = TestModels.History(Events);
        using IStateBackend whole = new CpuStateBackend(model), first = new CpuStateBackend(model), second = new CpuStateBackend(model);
        Array.ForEach([whole, first, second], b => b.EnsureCapacity(2));
        // A row that has held more than the one that moves in: nothing of it may stay.
        for (int t = 0; t < Events; t++)
        {
            whole.Step([Input(model, history, t, 0)]);
            second.Step([Input(model, history, t, 1)]);
        }
        for (int t = 0; t < Events; t++)
        {
            (t < 17 ? first : second).Step([Input(model, history, t, 1)]);
            if (t == 16)
            {
                second.Write(1, Row(first, model, 1));
            }
        }
        Assert.Equal(Row(whole, model, 0), Row(second, model, 1));
        Assert.Throws<ArgumentException>(() => second.Write(0, new float[model.StateFloats + 1]));
    }

    [Fact]
    public void Step_WhenInputIsOutOfRange_SaysWhatIsAllowed()
    {
        ForecastModel model = TestModels.Model();
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        Assert.Throws<ArgumentException>(() => backend.Step([new StepInput(backend.Capacity, 0, 1, 0)]));
        Assert.Throws<ArgumentException>(() => backend.Step([new StepInput(0, 4, 1, 0)]));
        Assert.Throws<ArgumentException>(() => backend.Step([new StepInput(0, 0, double.NaN, 1)]));
        Assert.Throws<ArgumentException>(() => backend.Step([new StepInput(0, 0, -1, 1)]));
        Assert.Throws<ArgumentException>(() => backend.ScoreAndStep([new StepInput(0, 0, 1, 1)], new StepScore[2]));
        Assert.Throws<ArgumentException>(() => backend.Score([new StepInput(0, 0, 1, 1)], []));
    }

    private static float[][] Feed(ForecastModel model, int batch)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(Streams);
        var histories = Enumerable.Range(0, Streams).Select(i => TestModels.History(Events, seed: 100 + i)).ToArray();
        for (int t = 0; t < Events; t++)
        {
            int[] order = [.. Enumerable.Range(0, Streams)];
            if (batch % 2 == 1)
            {
                Array.Reverse(order);
            }
            foreach (int[] part in order.Chunk(batch))
            {
                backend.Step(part.Select(i => Input(model, histories[i], t, i)).ToArray());
            }
        }
        return [.. Enumerable.Range(0, Streams).Select(i => Row(backend, model, i))];
    }

    private static (double Time, double Mark) Stepped(ForecastModel model, EventSequence history)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        double time = 0, mark = 0;
        var score = new StepScore[1];
        for (int t = 0; t < history.Times.Length; t++)
        {
            backend.ScoreAndStep([Input(model, history, t, 0)], score);
            time += score[0].Time;
            mark += score[0].Mark;
        }
        return (time, mark);
    }

    private static unsafe (double Time, double Mark) Parallel(ForecastModel model, EventSequence history)
    {
        using var pass = new NetworkPass(model.Config, model.Layout, model.TimeHead);
        pass.Run(model.Weights.Pointer, [new EncodedSequence(history, model.Config, model.MarkIndices, openEnd: false)], null, 0);
        return (pass.Time, pass.Mark);
    }

    private static StepInput Input(ForecastModel model, EventSequence history, int t, int row) =>
        new(row, model.MarkIndices[history.Marks![t]], t == 0 ? 0 : history.Times[t] - history.Times[t - 1], t);

    private static float[] Row(IStateBackend backend, ForecastModel model, int row)
    {
        var state = new float[backend.RowFloats(row)];
        Assert.Equal(model.Grows, state.Length > model.StateFloats);
        backend.Read(row, state);
        return state;
    }
}
