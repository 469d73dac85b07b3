using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Weights;
using Foretell.Support;

namespace Foretell.Models.Tests.PointProcess;

public class BaselinesTests
{
    private const long Seed = 112_358;

    /// <summary>Scores fitted on train, in nats on dev, as the data's own notes give them.</summary>
    [Theory]
    [InlineData("taxi", -0.502, -0.561, 0.329, 1.157)]
    [InlineData("stackoverflow", 3.304, 3.234, 1.697, 1.848)]
    [InlineData("hawkes1", 1.060, 0.674, 0, 0)]
    public void Fit_WhenTheDataAreReal_ReachesThePublishedScores(string set, double exponential, double mixture, double markov,
        double unigram)
    {
        var (gaps, previous, marks) = Flatten(SharedData.Read($"{set}/train"));
        Baselines baselines = Baselines.Fit(Config(gaps, marks, 0), gaps, previous, marks);
        var (devGaps, devPrevious, devMarks) = Flatten(SharedData.Read($"{set}/dev"));

        Assert.Equal(exponential, -devGaps.Average(baselines.LogExponential), 0.002);
        Assert.Equal(mixture, -devGaps.Average(baselines.LogMixture), 0.003);
        if (marks.Length == 0)
        {
            return;
        }
        Assert.Equal(markov, -devMarks.Zip(devPrevious).Average(e => baselines.LogMarkov(e.Second, e.First)), 0.002);
        Assert.Equal(unigram, -devMarks.Average(baselines.LogUnigram), 0.002);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    public void Scores_WhenSummedOverAllGaps_GiveOne(double resolution)
    {
        RandomStream random = new(Seed);
        double[] gaps = [.. Enumerable.Range(0, 5000).Select(_ => Math.Exp(random.NextNormal()))];
        Baselines baselines = Baselines.Fit(Config(gaps, [], resolution), gaps, [], []);
        foreach (Func<double, double> score in new Func<double, double>[] { baselines.LogExponential, baselines.LogMixture })
        {
            // On a grid the ticks themselves; otherwise the midpoint rule.
            double step = resolution > 0 ? resolution : 1e-3, sum = resolution > 0 ? Math.Exp(score(0)) * resolution / 2 : 0;
            for (double tau = resolution > 0 ? step : step / 2; tau < 100; tau += step)
            {
                sum += step * Math.Exp(score(tau));
            }
            Assert.Equal(1, sum, 1e-3);
        }
    }

    [Fact]
    public void LogMarkov_WhenMarksFollowAChain_FindsItAndSumsToOne()
    {
        // 0 -> 1 -> 2 -> 0 always; mark 3 exists and never follows; index 4 is the mark that training never saw.
        int[] previous = [.. Enumerable.Range(0, 3000).Select(i => i % 3)];
        int[] next = [.. previous.Select(mark => (mark + 1) % 3)];
        MarkovMarks marks = MarkovMarks.Fit(4, previous, next);
        for (int row = 0; row < 5; row++)
        {
            Assert.Equal(1, Enumerable.Range(0, 5).Sum(mark => Math.Exp(marks.LogMarkov(row, mark))), 1e-12);
        }
        Assert.Equal(1, Enumerable.Range(0, 5).Sum(mark => Math.Exp(marks.LogUnigram(mark))), 1e-12);
        Assert.InRange(Math.Exp(marks.LogMarkov(0, 1)), 0.998, 1);
        Assert.InRange(marks.LogMarkov(0, 4), -20, -5);
        Assert.InRange(Math.Exp(marks.LogMarkov(1, 2)), 0.998, 1);
        // After a mark that never had a successor the unigram is all there is.
        Assert.Equal(marks.LogUnigram(1), marks.LogMarkov(4, 1), 1e-12);
        Assert.Throws<ArgumentException>(() => MarkovMarks.Fit(4, [0], [5]));
        Assert.Throws<ArgumentException>(() => MarkovMarks.Fit(4, [0, 1], [1]));
    }

    [Fact]
    public void Read_WhenWrittenBefore_ScoresTheSameInEveryBit()
    {
        RandomStream random = new(Seed, 1);
        double[] gaps = [.. Enumerable.Range(0, 500).Select(_ => Math.Exp(random.NextNormal()))];
        int[] marks = [.. Enumerable.Range(0, 501).Select(_ => random.NextInt(5))];
        ModelConfig config = Config(gaps, marks, 0.01);
        Baselines fitted = Baselines.Fit(config, gaps, marks.AsSpan(0, 500), marks.AsSpan(1));

        SafeTensors file = new();
        fitted.Write(file.Tensors);
        SafeTensors read = SafeTensors.Parse(file.ToBytes());
        Baselines loaded = Baselines.Read(config, read.Tensors);
        foreach (double gap in gaps)
        {
            Assert.Equal(fitted.LogExponential(gap), loaded.LogExponential(gap));
            Assert.Equal(fitted.LogMixture(gap), loaded.LogMixture(gap));
        }
        for (int previous = 0; previous <= 5; previous++)
        {
            for (int mark = 0; mark <= 5; mark++)
            {
                Assert.Equal(fitted.LogMarkov(previous, mark), loaded.LogMarkov(previous, mark));
            }
        }

        Assert.Throws<InvalidDataException>(() => Baselines.Read(config with { Marks = ["a", "b"] }, read.Tensors));
        read.Tensors.Remove("baseline.rate");
        Assert.Contains("baseline.rate", Assert.Throws<InvalidDataException>(() => Baselines.Read(config, read.Tensors)).Message);
    }

    private static ModelConfig Config(double[] gaps, int[] marks, double resolution)
    {
        double floor = gaps.Where(gap => gap > 0).Min() / 2;
        double[] logs = [.. gaps.Select(gap => Math.Log(Math.Max(gap, floor)))];
        double mean = logs.Average();
        return new ModelConfig
        {
            Resolution = resolution,
            GapFloor = floor,
            LogGapMean = mean,
            LogGapDeviation = Math.Sqrt(logs.Average(x => (x - mean) * (x - mean))),
            Marks = marks.Length == 0 ? [] : [.. Enumerable.Range(0, marks.Max() + 1).Select(mark => $"{mark}")],
        };
    }

    private static (double[] Gaps, int[] Previous, int[] Marks) Flatten(List<EventSequence> sequences)
    {
        List<double> gaps = [];
        List<int> previous = [], marks = [];
        foreach (EventSequence sequence in sequences)
        {
            for (int i = 1; i < sequence.Times.Length; i++)
            {
                gaps.Add(sequence.Times[i] - sequence.Times[i - 1]);
                if (sequence.Marks is null)
                {
                    continue;
                }
                previous.Add(int.Parse(sequence.Marks[i - 1]));
                marks.Add(int.Parse(sequence.Marks[i]));
            }
        }
        return ([.. gaps], [.. previous], [.. marks]);
    }
}
