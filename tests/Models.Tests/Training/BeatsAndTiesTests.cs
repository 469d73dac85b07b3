using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>What a model of exact beats says when they stop, jitter or miss once; what one accident among ties does to a
/// score.</summary>
public class BeatsAndTiesTests
{
    private const int Seed = 97;
    private const double Beat = 60;

    private static readonly Lazy<ForecastModel> s_beats = new(() => Train([.. Enumerable.Range(0, 20)
        .Select(i => new EventSequence($"{i}", [.. Enumerable.Range(0, 40).Select(t => t * Beat)], null))]));

    [Fact]
    public void Forecast_WhenBeatsStop_WaitsForATickAtLeastAndLongerTheLongerItWaited()
    {
        float[] state = Feed(s_beats.Value, 40, _ => Beat, (_, _) => { });
        double last = 0;
        foreach (double silence in new double[] { 600, 3600, 86_400, 90 * 86_400 })
        {
            Forecast forecast = new Forecaster(s_beats.Value).Forecast(state, silence);
            Assert.True(forecast.Quantile(0.5) >= Beat && forecast.Quantile(0.5) > last, $"After {silence} s: {forecast.Quantile(0.5)} s.");
            Assert.True(forecast.Mean >= forecast.Quantile(0.1));
            last = forecast.Quantile(0.5);
        }
    }

    [Fact]
    public void Forecast_WhenBeatsJitterByAHundredth_RaisesAsManyAlertsAsItSays()
    {
        var random = new RandomStream(Seed);
        var forecaster = new Forecaster(s_beats.Value);
        int alerts = 0;
        const int Beats = 2000;
        float[]? before = null;
        Feed(s_beats.Value, Beats, _ => Beat * (1 + 0.01 * random.NextNormal()), (state, gap) =>
        {
            alerts += before is not null && gap > forecaster.SilenceOf(before, 0.001) ? 1 : 0;
            before = state;
        });
        Assert.InRange(alerts, 0, 2 * Beats / 1000);
    }

    [Fact]
    public void LiveScores_WhenOneBeatIsMissed_AreBackWithinAHundredEvents()
    {
        ForecastModel model = s_beats.Value;
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var live = new LiveScores();
        var score = new StepScore[1];
        double before = 0, worst = 0;
        for (int t = 0; t < 400; t++)
        {
            backend.ScoreAndStep([new StepInput(0, 0, t == 0 ? 0 : t == 200 ? 2 * Beat : Beat, t)], score);
            if (t > 0)
            {
                live.Add(score[0]);
            }
            before = t == 199 ? live.Nll : before;
            worst = t >= 200 ? Math.Max(worst, live.Nll) : worst;
        }
        Assert.InRange(worst, before, 2 * before);
        Assert.InRange(live.Nll, 0.9 * before, 1.1 * before);
    }

    [Fact]
    public void Evaluate_WhenOneGapIsAnOutlier_MovesByWhatOneEventMayCost()
    {
        double[] regular = [.. Enumerable.Range(0, 600).Select(t => t * Beat)],
            outlier = [.. regular.Select((t, i) => i < 300 ? t : t + 1e6)];

        double plain = Evaluator.Evaluate(s_beats.Value, [new EventSequence("a", regular, null)]).Nll,
            moved = Evaluator.Evaluate(s_beats.Value, [new EventSequence("a", outlier, null)]).Nll;

        Assert.InRange(moved - plain, 0, 0.1);
    }

    [Fact]
    public void Train_WhenOneGapAmongTiesIsAnAccident_ScoresTheSame()
    {
        List<EventSequence> train = Ties(40, Seed), test = Ties(15, Seed + 1);
        double[] times = train[0].Times;
        List<EventSequence> accident =
            [train[0] with { Times = [times[0], .. times.Select(t => t + 1e-9)] }, .. train[1..]];

        Evaluation plain = Evaluator.Evaluate(Train(train), test), moved = Evaluator.Evaluate(Train(accident), test);

        Assert.InRange(Math.Abs(moved.Nll - plain.Nll), 0, 0.02);
        // A fifth of the gaps are ties: the truth is known, and near.
        double truth = -(0.2 * Math.Log(0.2) + 0.8 * (Math.Log(0.8) - Math.Log(50) - 1));
        Assert.InRange(plain.Nll, truth - 0.15, truth + 0.15);
        Assert.True(plain.PitKs < 0.08, $"{plain.PitKs}");
    }

    private static List<EventSequence> Ties(int sequences, int seed)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, sequences).Select(i =>
        {
            double time = 0;
            return new EventSequence($"{i}", [.. Enumerable.Range(0, 41)
                .Select(_ => time += random.NextDouble() < 0.2 ? 0 : -50 * Math.Log(random.NextDouble()))], null);
        })];
    }

    private static ForecastModel Train(List<EventSequence> sequences) =>
        Trainer.Train(sequences, sequences[..Math.Min(10, sequences.Count)],
        new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 6 }).Model;

    /// <summary>One stream's events, one after the other.</summary>
    private static float[] Feed(ForecastModel model, int events, Func<int, double> gap, Action<float[], double> stepped)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] state = [];
        for (int t = 0; t < events; t++)
        {
            double tau = t == 0 ? 0 : gap(t);
            backend.Step([new StepInput(0, 0, tau, t)]);
            state = new float[model.StateFloats];
            backend.Read(0, state);
            stepped(state, tau);
        }
        return state;
    }
}
