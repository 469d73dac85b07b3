using Foretell.Models.Forecasting;
using Foretell.Models.Network;

namespace Foretell.Models.Tests.Forecasting;

/// <summary>How likely marks are to come within a horizon, beside the shares of plainly drawn paths.</summary>
public class MarkWithinTests
{
    private const int Seed = 94, Paths = 1000;

    private static readonly ParallelOptions s_options = new();

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(0, 12, false)]
    [InlineData(5, 12, false)]
    [InlineData(5, 60, false)]
    [InlineData(0, 12, true)]
    [InlineData(40, 12, true)]
    public void MarksWithin_BesideDrawnPaths_AgreesWithTheirShares(double silence, double horizon, bool censored)
    {
        (Forecaster forecaster, Forecast forecast) = Stream(Seed, silence, censored);
        IReadOnlyList<SampledPath> drawn = forecast.Paths(Paths, horizon);
        IReadOnlyList<string> marks = forecaster.Model.Config.Marks;

        IReadOnlyList<MarkWithin> within = forecaster.MarksWithin([forecast], marks, horizon, s_options)[0];

        Assert.Equal(marks, within.Select(w => w.Mark));
        foreach (MarkWithin w in within)
        {
            double share = drawn.Count(p => p.Events.Any(e => e.Mark == w.Mark)) / (double)Paths;
            double count = drawn.Average(p => (double)p.Events.Count(e => e.Mark == w.Mark));
            double spread = drawn.Average(p => Math.Pow(p.Events.Count(e => e.Mark == w.Mark) - count, 2));
            double error = Math.Sqrt((share * (1 - share) + 1.0 / Paths) / Paths + w.StandardError * w.StandardError);
            Assert.Equal(share, w.Probability, 4 * error);
            Assert.Equal(count, w.ExpectedCount, 5 * Math.Sqrt((spread + 0.01) / Paths) + 0.02 * count);
            // The same number of paths that were drawn whole would be less sure.
            Assert.InRange(w.StandardError, 0, Math.Sqrt(0.25 / Paths));
            Assert.InRange(w.Probability, 0, Math.Min(1, w.ExpectedCount + 4 * w.StandardError));
        }
    }

    /// <summary>Within a horizon in which hardly ever two come, it is the next event's own closed form.</summary>
    [Fact]
    public void MarksWithin_WhenTheHorizonIsShort_IsThatOfTheNextEvent()
    {
        const double Horizon = 0.02, Silence = 3;
        (Forecaster forecaster, Forecast forecast) = Stream(Seed, Silence, censored: false);
        double any = forecast.ProbabilityWithin(Horizon);
        double[] expected = [.. forecast.Marks().OrderBy(m => forecaster.Model.MarkIndices[m.Mark]).Select(_ => 0.0)];
        const int Nodes = 64;
        for (int i = 0; i < Nodes; i++)
        {
            double wait = forecast.Quantile(any * (i + 0.5) / Nodes);
            double[] marks = forecaster.MarkProbabilities(Basis(forecaster, forecast), [(Silence + wait, 1)]);
            for (int m = 0; m < marks.Length; m++)
            {
                expected[m] += any * marks[m] / Nodes;
            }
        }

        IReadOnlyList<MarkWithin> within = forecaster.MarksWithin([forecast], forecaster.Model.Config.Marks, Horizon, s_options)[0];

        foreach ((double probability, MarkWithin w) in expected.Zip(within))
        {
            // A second event comes in about one of a hundred of these futures.
            Assert.Equal(probability, w.Probability, 0.03 * probability);
        }
    }

    [Fact]
    public void MarksWithin_WhenTheHorizonIsFar_IsNearlyCertainAndCountsOn()
    {
        const double Horizon = 20_000;
        (Forecaster forecaster, Forecast forecast) = Stream(Seed, 0, censored: false);

        IReadOnlyList<MarkWithin> within = forecaster.MarksWithin([forecast], forecaster.Model.Config.Marks, Horizon, s_options)[0];

        Assert.All(within, w => Assert.InRange(w.Probability, 0.999, 1));
        CountForecast count = forecast.Count(Horizon);
        Assert.Equal(count.Mean, within.Sum(w => w.ExpectedCount), 0.15 * count.Mean);
    }

    [Fact]
    public void MarksWithin_WhenAskedAgain_IsTheSameAndOfTheMarksAskedFor()
    {
        (Forecaster forecaster, Forecast forecast) = Stream(Seed, 1, censored: false);
        string[] marks = [forecaster.Model.Config.Marks[2], forecaster.Model.Config.Marks[0]];

        IReadOnlyList<MarkWithin> first = forecaster.MarksWithin([forecast], marks, 5, s_options)[0];

        Assert.Equal(marks, first.Select(w => w.Mark));
        Assert.Equal(first, forecaster.MarksWithin([forecast], marks, 5, s_options)[0]);
        Assert.Equal(first[0], forecaster.MarksWithin([forecast], marks[..1], 5, s_options)[0][0]);
        Assert.All(forecaster.MarksWithin([forecast], marks, 0, s_options)[0], w => Assert.Equal((0, 0), (w.Probability, w.ExpectedCount)));
        Assert.Contains("no mark 'surprise'",
            Assert.Throws<ArgumentException>(() => forecaster.MarksWithin([forecast], ["surprise"], 5, s_options)).Message);
    }

    private static ReadOnlySpan<float> Basis(Forecaster forecaster, Forecast forecast) =>
        forecast.Question(1).State.Span.Slice(forecaster.Model.MixerFloats, forecaster.Model.BasisFloats);

    private static (Forecaster Forecaster, Forecast Forecast) Stream(int seed, double silence, bool censored)
    {
        var model = ForecastModel.Untrained(TestModels.Config() with { Censored = censored }, TestModels.WeightsSeed);
        float[] state = CountForecastTests.Stream(seed, model).State;
        var forecaster = new Forecaster(model);
        return (forecaster, forecaster.Forecast(state, silence));
    }
}
