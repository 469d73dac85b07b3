using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Heads;

public sealed unsafe class AdaptationTests
{
    private const int Seed = 71, K = 16;

    private readonly RandomStream _random = new(Seed);

    [Theory]
    [InlineData(3, 0)]
    [InlineData(20, 0)]
    [InlineData(3, 0.4)]
    public void Adapt_WhenAStreamGoesItsOwnWay_IsThePlainMathematics(int marks, double tick)
    {
        ModelConfig config = TestModels.Config(marks: marks) with { Adapt = true };
        TimeHead head = Head(config);
        var adaptation = new Adaptation(config, head);
        var plain = new ReferenceAdaptation(marks);
        float[] state = new float[Adaptation.FloatsOf(config)], outputs = new float[64], logits = new float[32];
        double[] logWeight = new double[K], mean = new double[K], deviation = new double[K];
        for (int t = 0; t < 300; t++)
        {
            for (int i = 0; i < 3 * K; i++)
            {
                outputs[i] = (float)(0.5 * _random.NextNormal());
            }
            for (int i = 0; i < marks; i++)
            {
                logits[i] = (float)_random.NextNormal();
            }
            head.Decode(outputs, logWeight, mean, deviation);
            double[] weight = [.. logWeight.Select(Math.Exp)], trained = [.. logits.Take(marks).Select(l => (double)l)], means = [.. mean];
            // Shorter gaps than the model says from event 100 on, and nearly always the same mark.
            double z = _random.NextNormal() - (t < 100 ? 0 : 1.6);
            int mark = t < 100 ? _random.NextInt(marks) : t % 10 == 0 ? 1 : 2;
            var gap = new GapInterval(z, z - tick / 2, z + tick / 2, 0, 1, 1 + tick);
            double[] blurred = [.. deviation.Select(d => Math.Sqrt(d * d + tick * tick / 12))];
            fixed (float* s = state, o = outputs, l = logits)
            {
                double offset = plain.Offset;
                Assert.Equal(offset, Adaptation.Offset(state), 1e-4);
                double[] expected = ReferenceAdaptation.Probabilities(plain.Adapted(trained));
                float[] before = [.. state], alone = [.. outputs];
                adaptation.AdaptAndObserveGap(s, o, gap);
                plain.ObserveGap(weight, mean, blurred, z);
                fixed (float* b = before, a = alone)
                {
                    adaptation.AdaptGap(b, a);
                }
                Assert.Equal(alone, outputs);
                head.Decode(outputs, logWeight, mean, deviation);
                Assert.All(means.Zip(mean), m => Assert.Equal(m.First + offset, m.Second, 1e-4));
                adaptation.AdaptAndObserveMarks(s, l, mark);
                plain.ObserveMark(trained, mark);
                double[] adapted = ReferenceAdaptation.Probabilities([.. logits.Take(marks).Select(x => (double)x)]);
                Assert.All(expected.Zip(adapted), p => Assert.Equal(p.First, p.Second, 1e-4));
            }
        }
        AdaptationReport report = Adaptation.Report(state, 1);
        Assert.InRange(Math.Log(report.GapFactor), -2.2, -0.7);
        Assert.True(report is { GapLogEvidence: > 5 and <= 8, MarkLogEvidence: > 5 and <= 8 }, report.ToString());
    }

    [Fact]
    public void Adapt_WhenAStreamHasShownNothing_ChangesNoBit()
    {
        ModelConfig config = TestModels.Config(marks: 3) with { Adapt = true };
        var adaptation = new Adaptation(config, Head(config));
        float[] state = new float[Adaptation.FloatsOf(config)];
        float[] outputs = [.. Enumerable.Range(0, 64).Select(_ => (float)_random.NextNormal())], logits = [.. outputs.Take(16)];
        float[] before = [.. outputs], logitsBefore = [.. logits];
        fixed (float* s = state, o = outputs, l = logits)
        {
            adaptation.AdaptGap(s, o);
            adaptation.AdaptMarks(s, l);
        }
        Assert.Equal(before, outputs);
        Assert.Equal(logitsBefore, logits);
        Assert.Equal(new AdaptationReport(1, -3, -3), Adaptation.Report(state, 1.3));
    }

    [Fact]
    public void Observe_WhenEventsAreExtreme_StaysFiniteAndComesBackWithinThirty()
    {
        ForecastModel model = Adapting();
        using var stream = new SteppedStream(model);
        for (int i = 0; i < 20_000; i++)
        {
            stream.Step(i % 3 switch { 0 => 0, 1 => 1e-300, _ => 1e300 }, i % 4);
        }
        Assert.All(stream.State(), x => Assert.True(float.IsFinite(x)));
        // A stream that does as the model says again is believed again.
        for (int i = 0; i < 200; i++)
        {
            stream.Step(stream.Draw(_random, factor: 1), i % 3);
        }
        Assert.InRange(stream.Report().GapFactor, 0.7, 1.4);
    }

    [Fact]
    public void Observe_WhenGapsBecomeFiveTimesAsShort_FollowsWithinThirtyEventsHoweverLongAllWasWell()
    {
        ForecastModel model = Adapting();
        var after = new List<double>();
        for (int i = 0; i < 20; i++)
        {
            using var stream = new SteppedStream(model);
            for (int t = 0; t < 1000; t++)
            {
                stream.Step(stream.Draw(_random, factor: 1), _random.NextInt(3));
            }
            for (int t = 0; t < 30; t++)
            {
                stream.Step(stream.Draw(_random, factor: 0.2), _random.NextInt(3));
            }
            after.Add(stream.Report().GapFactor);
        }
        // The forecast is broad: each event says a quarter of a nat of it.
        after.Sort();
        Assert.InRange(after[10], 0.15, 0.5);
        Assert.InRange(after[17], 0.1, 0.7);
    }

    [Fact]
    public void Forecast_WhenAStreamIsFaster_IsTheSameOnAShorterScale()
    {
        ForecastModel model = Adapting();
        using var stream = new SteppedStream(model);
        for (int t = 0; t < 100; t++)
        {
            stream.Step(stream.Draw(_random, factor: 0.1), 0);
        }
        float[] state = stream.State(), asTrained = [.. state];
        Array.Clear(asTrained, model.MixerFloats + model.Config.Width, Adaptation.FloatsOf(model.Config));
        var forecaster = new Forecaster(model);
        double factor = stream.Report().GapFactor;
        Assert.InRange(factor, 0.05, 0.2);
        foreach (double p in new[] { 0.1, 0.5, 0.9 })
        {
            double expected = factor * forecaster.Forecast(asTrained, 0).Quantile(p);
            Assert.Equal(expected, forecaster.Forecast(state, 0).Quantile(p), 1e-4 * expected);
        }
        double[] bySurvivals = new double[1], never = new double[1];
        forecaster.LogSurvivals(state.AsSpan(model.MixerFloats, model.BasisFloats), [0.5], bySurvivals, never);
        Assert.Equal(forecaster.LogSurvival(state, 0.5), bySurvivals[0], 1e-9);
        Assert.Equal(forecaster.Forecast(state, 0.5).LogSurvival, bySurvivals[0], 1e-9);
    }

    private static TimeHead Head(ModelConfig config)
    {
        TimeHead untrained = TestModels.Model().TimeHead;
        return new TimeHead(config, untrained.AnchorLogWeight, untrained.AnchorMean, untrained.AnchorDeviation);
    }

    private static ForecastModel Adapting() => TestModels.Model().WithAdaptation(true);
}
