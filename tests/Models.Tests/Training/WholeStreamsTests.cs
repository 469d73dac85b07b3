using Foretell.Models.Activities;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>Models of streams that are over with their last event: three steps a day apart, the last of which says so.</summary>
public sealed class WholeStreamsTests : IDisposable
{
    private const double SecondsPerDay = 86_400;

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"whole-{Guid.NewGuid():N}.safetensors");

    [Fact]
    public void Train_OnWholeStreams_TellsEndAndRemainingTime()
    {
        EventSequence[] cases = Cases(120, seed: 51);
        ForecastModel model = Trainer.Train(cases[..90], cases[90..], Options()).Model;
        var forecaster = new Forecaster(model);

        Forecast opened = After(forecaster, cases[0], 1), closed = After(forecaster, cases[0], 3);

        Assert.True(opened.Never < 0.1 && closed.Never > 0.9);
        Assert.InRange(opened.RemainingQuantile(0.5) / SecondsPerDay, 1.5, 2.5);
        Assert.Equal(0, closed.RemainingQuantile(0.5));
        Assert.True(opened.RemainingQuantile(0.2) < opened.RemainingQuantile(0.8));
        ActivityScore score = CaseScores.Of(model, cases[90..]);
        Assert.True(score.Accuracy > 0.95 && score.RemainingError < 0.4, $"{score}");
    }

    [Fact]
    public void Save_OfAModelThatTellsEnds_KeepsThem()
    {
        EventSequence[] cases = Cases(30, seed: 52);
        ForecastModel model = Trainer.Train(cases[..20], cases[20..], Options() with { Epochs = 1 }).Model;

        model.Save(_file);
        ForecastModel read = ForecastModel.Load(_file);

        Assert.Equal(model.Id, read.Id);
        Assert.Equal(After(new Forecaster(model), cases[0], 2).RemainingQuantile(0.3),
            After(new Forecaster(read), cases[0], 2).RemainingQuantile(0.3));
    }

    [Fact]
    public void RemainingQuantile_OfAModelThatTellsNoEnds_SaysSo()
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, 1);
        Forecast forecast = new Forecaster(model).Forecast(new float[model.StateFloats], 0);
        Assert.False(forecast.TellsEnd);
        Assert.Contains("not trained on whole streams", Assert.Throws<InvalidOperationException>(() => forecast.RemainingQuantile(0.5)).Message);
        Assert.Contains("not trained on whole streams", Assert.Throws<ArgumentException>(() => CaseScores.Of(model, [])).Message);
    }

    public void Dispose() => File.Delete(_file);

    private static TrainingOptions Options() => new()
    {
        Shape = new ModelConfig { TimeUnitSeconds = SecondsPerDay, Width = 16, Layers = 1, Heads = 2 },
        WholeStreams = true,
        Epochs = 30,
        Threads = 1,
    };

    private static EventSequence[] Cases(int count, long seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        double[] times = [0, Math.Exp(0.1 * random.NextNormal()), 0];
        times[2] = times[1] + Math.Exp(0.1 * random.NextNormal());
        return new EventSequence($"case-{i}", times, ["open", "work", "close"]);
    })];

    private static Forecast After(Forecaster forecaster, EventSequence one, int events)
    {
        ForecastModel model = forecaster.Model;
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < events; t++)
        {
            backend.Step([new StepInput(0, model.MarkIndices[one.Marks![t]], t == 0 ? 0 : one.Times[t] - one.Times[t - 1], t)]);
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return forecaster.Forecast(state, 0);
    }
}
