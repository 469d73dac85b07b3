using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Stepping;

public sealed unsafe class PopulationTests
{
    private const int Seed = 83, K = 16;

    private readonly RandomStream _random = new(Seed);

    [Theory]
    [InlineData(3, 0)]
    [InlineData(20, 0)]
    [InlineData(3, 0.4)]
    public void Shift_WhenAllStreamsGoTheirOwnWay_IsThePlainMathematics(int marks, double tick)
    {
        ModelConfig config = TestModels.Config(marks: marks) with { Adapt = true };
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        TimeHead head = model.TimeHead;
        var population = new Population(model);
        var plain = new ReferencePopulation(marks);
        double[] logWeight = new double[K], mean = new double[K], deviation = new double[K];
        for (int t = 0; t < 1500; t++)
        {
            (float[] outputs, float[] logits) = Draw(marks);
            head.Decode(outputs, logWeight, mean, deviation);
            // From event 300 on gaps are shorter than the model says, and one mark comes far more often.
            double z = _random.NextNormal() - (t < 300 ? 0 : 1.2);
            int mark = t < 300 || t % 3 == 0 ? _random.NextInt(marks) : 2;
            fixed (float* o = outputs, l = logits)
            {
                population.ObserveGap(o, new GapInterval(z, z - tick / 2, z + tick / 2, 0, 1, 1 + tick));
                population.ObserveMark(l, mark);
            }
            plain.ObserveGap([.. logWeight.Select(Math.Exp)], mean, [.. deviation.Select(d => Math.Sqrt(d * d + tick * tick / 12))], z);
            plain.ObserveMark([.. logits.Take(marks).Select(x => (double)x)], mark);
            if (t % 100 == 99)
            {
                population.GiveOut();
                Assert.Equal(plain.Offset, population.Given.Offset, 2e-3);
                Assert.All(plain.MarkLogRatios.Zip(population.Given.MarkLogRatios), m => Assert.Equal(m.First, m.Second, 2e-3));
            }
        }
        Assert.InRange(population.Given.Offset, -1.2, -0.1);
        Assert.InRange(population.Given.MarkLogRatios[2], 0.2, 2);
        Assert.All(population.Given.MarkLogRatios.Skip(marks), ratio => Assert.Equal(0, ratio));
    }

    /// <summary>A stream without a past takes all of what is shared; one that has shown its own the less, the more that was.</summary>
    [Fact]
    public void Adapt_WithAShiftThatIsShared_TakesTheLessOfItTheMoreTheStreamHasShown()
    {
        const int Marks = 3;
        ModelConfig config = TestModels.Config(marks: Marks) with { Adapt = true };
        TimeHead head = Head(config);
        var adaptation = new Adaptation(config, head);
        var shared = new SharedShift(-0.5f, [.. Enumerable.Range(0, 16).Select(i => i == 1 ? 0.7f : 0)]);
        float[] state = new float[Adaptation.FloatsOf(config)];
        var taken = new List<(double Gap, double Mark)>();
        for (int t = 0; t <= 200; t++)
        {
            (float[] outputs, float[] logits) = Draw(Marks);
            if (t % 100 == 0)
            {
                taken.Add(Taken(adaptation, head, state, outputs, logits, shared));
            }
            // What the model says is right for this stream.
            fixed (float* s = state, o = outputs, l = logits)
            {
                double z = _random.NextNormal();
                adaptation.AdaptAndObserveGap(s, o, new GapInterval(z, z, z, 0, 1, 1), shared);
                adaptation.AdaptAndObserveMarks(s, l, MarkScore.Draw(Copy(l), Marks, _random.NextDouble(), out _), shared);
            }
        }
        Assert.Equal(-0.5, taken[0].Gap, 0.08);
        Assert.Equal(0.7, taken[0].Mark, 0.08);
        Assert.True(taken[0].Gap < taken[1].Gap && taken[1].Gap < 0, $"{taken[0].Gap}, then {taken[1].Gap}");
        Assert.InRange(taken[2].Mark, 0, 0.99 * taken[0].Mark);

        static float* Copy(float* logits)
        {
            // Draw writes over what it is given; the adaptation is to see the logits.
            float[] copy = GC.AllocateArray<float>(16, pinned: true);
            new ReadOnlySpan<float>(logits, 16).CopyTo(copy);
            return (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref copy[0]);
        }
    }

    /// <summary>Rows are made of their own events, whatever is shared (law 5); only scores and forecasts are made of both.</summary>
    [Fact]
    public void Step_WithAShiftThatIsShared_MakesTheSameRows()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config(marks: 3) with { Adapt = true }, TestModels.WeightsSeed);
        using CpuStateBackend alone = new(model), sharing = new(model);
        alone.EnsureCapacity(1);
        sharing.EnsureCapacity(1);
        sharing.Population = Shifted(model);
        StepScore[] first = new StepScore[1], second = new StepScore[1];
        float[] expected = new float[model.StateFloats], row = new float[model.StateFloats];
        for (int t = 0; t < 50; t++)
        {
            StepInput[] input = [new StepInput(0, _random.NextInt(3), t == 0 ? 0 : Math.Exp(_random.NextNormal()), t)];
            alone.ScoreAndStep(input, first);
            sharing.ScoreAndStep(input, second);
            alone.Read(0, expected);
            sharing.Read(0, row);

            Assert.Equal(expected, row);
            Assert.Equal(t == 0, first[0] == second[0]);
        }
    }

    /// <summary>A forecast is made from a copy of the row with what is shared put in; a score takes it beside the row. Both are
    /// one.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(65)]
    public void Serve_AfterAnyNumberOfEvents_MakesTheForecastThatIsScored(int marks)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config(marks: marks) with { Adapt = true }, TestModels.WeightsSeed);
        var forecaster = new Forecaster(model);
        Population population = Shifted(model);
        using CpuStateBackend sharing = new(model) { Population = population };
        sharing.EnsureCapacity(1);
        StepScore[] score = new StepScore[1];
        float[] served = new float[model.StateFloats];
        double largest = 0;
        for (int t = 0; t < 60; t++)
        {
            double gap = t == 0 ? 0 : Math.Exp(_random.NextNormal());
            int mark = marks == 0 ? 0 : _random.NextInt(marks);
            sharing.Read(0, served);
            double own = t == 0 ? 0 : 1 - Math.Exp(forecaster.LogSurvival(served, gap));
            population.Serve(served);
            sharing.ScoreAndStep([new StepInput(0, mark, gap, t)], score);
            if (t > 0)
            {
                double below = 1 - Math.Exp(forecaster.LogSurvival(served, gap));
                Assert.Equal(score[0].Pit, below, 1e-5);
                largest = Math.Max(largest, Math.Abs(below - own));
                if (marks > 0)
                {
                    double[] probabilities = forecaster.MarkProbabilities(served.AsSpan(model.MixerFloats, model.BasisFloats), [(gap, 1)]);
                    Assert.Equal(score[0].Mark, Math.Log(probabilities[mark]), 1e-4);
                }
            }
        }
        Assert.True(largest > 0.02, $"the forecast moved by {largest} at most");
    }

    [Fact]
    public void Parse_OfWhatToTextTold_IsTheSame()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config(marks: 3) with { Adapt = true }, TestModels.WeightsSeed);
        Population population = Shifted(model), again = Population.Parse(model, population.ToText());
        Assert.Equal(population.Given.Offset, again.Given.Offset);
        Assert.Equal(population.Given.MarkLogRatios, again.Given.MarkLogRatios);
        Assert.Equal(population.ToText(), again.ToText());
        again.GiveOut();
        population.GiveOut();
        Assert.Equal(population.ToText(), again.ToText());
    }

    [Fact]
    public void Parse_WhenTheTextIsDamaged_SaysSo()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config(marks: 3) with { Adapt = true }, TestModels.WeightsSeed);
        ForecastModel more = ForecastModel.Untrained(TestModels.Config(marks: 4) with { Adapt = true }, TestModels.WeightsSeed);
        string text = Shifted(model).ToText();
        for (int i = 0; i < text.TrimEnd('=').Length; i++)
        {
            string damaged = text[..i] + (text[i] == 'q' ? 'r' : 'q') + text[(i + 1)..];
            Assert.Contains("fails its checksum", Assert.Throws<InvalidDataException>(() => Population.Parse(model, damaged)).Message);
            Assert.False(Population.IsWhole(damaged), damaged);
        }
        Assert.True(Population.IsWhole(text));
        Assert.Throws<InvalidDataException>(() => Population.Parse(model, ""));
        Assert.Throws<InvalidDataException>(() => Population.Parse(model, text + text));
        Assert.Throws<InvalidDataException>(() => Population.Parse(more, text));
    }

    [Fact]
    public void IsDue_AfterEnoughGaps_UntilItIsGivenOut()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Adapt = true }, TestModels.WeightsSeed);
        var population = new Population(model);
        Observe(population, Population.Every - 1);
        Assert.False(population.IsDue);
        Observe(population, 1);
        Assert.True(population.IsDue);
        population.GiveOut();
        Assert.False(population.IsDue);
    }

    /// <summary>A population whose streams had shorter gaps than the model says, and mark 2 more often, given out.</summary>
    private Population Shifted(ForecastModel model)
    {
        var population = new Population(model);
        Observe(population, 2000, model.Config.Marks.Count);
        population.GiveOut();
        Assert.InRange(population.Given.Offset, -2, -0.2);
        return population;
    }

    private void Observe(Population population, int events, int marks = 3)
    {
        for (int i = 0; i < events; i++)
        {
            (float[] outputs, float[] logits) = Draw(marks);
            fixed (float* o = outputs, l = logits)
            {
                double z = _random.NextNormal() - 1.2;
                population.ObserveGap(o, new GapInterval(z, z, z, 0, 1, 1));
                population.ObserveMark(l, 2);
            }
        }
    }

    private (float[] Outputs, float[] Logits) Draw(int marks)
    {
        float[] outputs = new float[64], logits = new float[80];
        for (int i = 0; i < 3 * K; i++)
        {
            outputs[i] = (float)(0.3 * _random.NextNormal());
        }
        for (int i = 0; i < marks; i++)
        {
            logits[i] = (float)_random.NextNormal();
        }
        return (outputs, logits);
    }

    /// <summary>How far a shared shift moves a stream's forecast: its mean, in z, and the logit of mark 1.</summary>
    private static (double Gap, double Mark) Taken(Adaptation adaptation, TimeHead head, float[] state, float[] outputs, float[] logits,
        SharedShift shared)
    {
        double[] logWeight = new double[K], own = new double[K], both = new double[K], deviation = new double[K];
        float[] alone = [.. outputs], sharing = [.. outputs], ownLogits = [.. logits], sharedLogits = [.. logits];
        fixed (float* s = state, a = alone, b = sharing, la = ownLogits, lb = sharedLogits)
        {
            adaptation.AdaptGap(s, a);
            adaptation.AdaptGap(s, b, shared);
            adaptation.AdaptMarks(s, la);
            adaptation.AdaptMarks(s, lb, shared);
        }
        head.Decode(alone, logWeight, own, deviation);
        head.Decode(sharing, logWeight, both, deviation);
        return (both[0] - own[0], sharedLogits[1] - ownLogits[1]);
    }

    private static TimeHead Head(ModelConfig config) => new(config,
        [.. Enumerable.Range(0, K).Select(i => -Math.Log(K) - 0.01 * i)], [.. Enumerable.Range(0, K).Select(i => -2 + 0.25 * i)],
        [.. Enumerable.Range(0, K).Select(i => 0.3 + 0.05 * i)]);
}
