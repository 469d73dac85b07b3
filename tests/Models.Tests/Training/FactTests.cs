using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>Facts about streams: values that never change within one, told with every event or once. Fast machines report ten times as
/// often as slow ones.</summary>
public sealed class FactTests
{
    private const int Events = 12;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_WithAFactThatTellsThePace_ReadsItAndForecastsTheOtherValues(bool once)
    {
        EventSequence[] streams = Streams(120, seed: 61, once);
        ForecastModel model = Trainer.Train(streams[..90], streams[90..], Options()).Model;
        EventSequence[] blind = [.. streams.Select(s => s with { Values = new Dictionary<string, double[]> { ["load"] = s.Values!["load"] } })];
        ForecastModel without = Trainer.Train(blind[..90], blind[90..], Options()).Model;

        ValueScale fact = model.Config.Values!.Single(v => v.Name == "fast");
        Assert.True(fact.IsFact && !model.Config.Values!.Single(v => v.Name == "load").IsFact);
        Evaluation told = Evaluator.Evaluate(model, streams[90..]), untold = Evaluator.Evaluate(without, blind[90..]);
        Assert.Equal(["load"], told.Values!.Select(v => v.Name));
        // Only the first gap of a stream is a surprise without the fact: an eleventh of the difference of the two paces' entropies.
        Assert.True(told.NllTime < untold.NllTime - 0.02, $"{told.NllTime} with the fact, {untold.NllTime} without");
    }

    /// <summary>What was told of a stream holds: events that do not repeat it leave the row that those leave which do.</summary>
    [Fact]
    public void Step_WhenAFactIsNotRepeated_ReadsItAllTheSame()
    {
        EventSequence[] streams = Streams(40, seed: 62, once: false);
        ForecastModel model = Trainer.Train(streams[..30], streams[30..], Options() with { Epochs = 1 }).Model;
        int fact = model.Config.Values!.TakeWhile(v => !v.IsFact).Count();
        float[] repeated = Hidden(model, streams[0], keepFact: true), told = Hidden(model, streams[0], keepFact: false);
        Assert.Equal(repeated, told);
        Assert.NotEqual(told, Hidden(model, streams[0] with { Values = streams[0].Values!.Where(v => v.Key == "load").ToDictionary() }, true));

        float[] Hidden(ForecastModel model, EventSequence stream, bool keepFact)
        {
            using var backend = new CpuStateBackend(model);
            backend.EnsureCapacity(1);
            float[] z = EncodedValues.Standardise(stream, model.Config.Values!);
            for (int t = 0; t < Events; t++)
            {
                if (t > 0 && !keepFact)
                {
                    z[2 * t + fact] = float.NaN;
                }
                backend.Step([new StepInput(0, 0, t == 0 ? 0 : stream.Times[t] - stream.Times[t - 1], t)], z.AsSpan(2 * t, 2));
            }
            float[] basis = new float[model.BasisFloats];
            backend.ReadBasis(0, basis);
            return basis[..model.Config.Width];
        }
    }

    [Fact]
    public void Forecast_OfAModelWithAFact_TellsTheOtherValuesAlone()
    {
        EventSequence[] streams = Streams(40, seed: 63, once: true);
        ForecastModel model = Trainer.Train(streams[..30], streams[30..], Options() with { Epochs = 1 }).Model;
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        backend.Step([new StepInput(0, 0, 0, 0)], EncodedValues.Standardise(streams[0], model.Config.Values!).AsSpan(0, 2));
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        Forecast forecast = new Forecaster(model).Forecast(state, 0);

        Assert.Equal(["load"], forecast.Values().Select(v => v.Name));
        Assert.Equal(["load"], forecast.Sums(100).Select(v => v.Name));
        Assert.All(forecast.Paths(3, 100).SelectMany(p => p.Events), e => Assert.Single(e.Values!));
    }

    private static TrainingOptions Options() => new()
    {
        Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 },
        Epochs = 12,
        Threads = 1,
    };

    private static EventSequence[] Streams(int count, long seed, bool once) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        bool isFast = random.NextDouble() < 0.5;
        double time = 0;
        double[] times = [.. Enumerable.Range(0, Events).Select(_ => time += (isFast ? 1 : 10) * Math.Exp(0.3 * random.NextNormal()))];
        return new EventSequence($"m{i}", times, null)
        {
            Values = new Dictionary<string, double[]>
            {
                ["load"] = [.. Enumerable.Range(0, Events).Select(_ => random.NextNormal())],
                ["fast"] = [.. Enumerable.Range(0, Events).Select(t => once && t > 0 && i > 3 ? double.NaN : isFast ? 1.0 : 0)],
            },
        };
    })];
}
