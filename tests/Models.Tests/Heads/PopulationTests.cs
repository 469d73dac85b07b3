using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Heads;

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
        TimeHead head = Head(config);
        var population = new Population(config, head);
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
                Assert.Equal(plain.Offset, population.Shift.Offset, 2e-3);
                Assert.All(plain.MarkLogRatios.Zip(population.Shift.MarkLogRatios), m => Assert.Equal(m.First, m.Second, 2e-3));
            }
        }
        Assert.InRange(population.Shift.Offset, -1.2, -0.1);
        Assert.InRange(population.Shift.MarkLogRatios[2], 0.2, 2);
        Assert.All(population.Shift.MarkLogRatios.Skip(marks), ratio => Assert.Equal(0, ratio));
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
                adaptation.AdaptAndObserveMarks(s, l, MarkScore.Draw(Copy(l), Marks, _random.NextDouble()), shared);
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
        sharing.Scorer.Shared = new SharedShift(0.4f, [.. Enumerable.Range(0, 16).Select(i => i == 2 ? 1f : 0)]);
        sharing.Scorer.Population = new Population(model.Config, model.TimeHead);
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

    private (float[] Outputs, float[] Logits) Draw(int marks)
    {
        float[] outputs = new float[64], logits = new float[32];
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
