using System.Globalization;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Models.Tests.PointProcess;

public class ClockGridTests
{
    private const long Seed = 8_675_309;

    [Theory]
    [InlineData("taxi/train", 3600, 1 / 3600.0)]
    [InlineData("taxi/dev", 3600, 1 / 3600.0)]
    [InlineData("stackoverflow/train", 86_400, 0)]
    [InlineData("hawkes1/train", 1, 0)]
    public void Detect_WhenTheDataAreReal_FindsTheirClock(string file, double timeUnitSeconds, double expected) =>
        Assert.Equal(expected, ClockGrid.Detect(SharedData.Read(file), timeUnitSeconds));

    [Fact]
    public void Detect_WhenTimesAreUnixSeconds_GivesOneSecond()
    {
        Dictionary<string, List<double>> times = [];
        foreach (string line in File.ReadLines(SharedData.PathOf("collegemsg/replay.csv")).Skip(1))
        {
            string[] fields = line.Split(',');
            if (!times.TryGetValue(fields[1], out List<double>? stream))
            {
                times[fields[1]] = stream = [];
            }
            stream.Add(double.Parse(fields[0], CultureInfo.InvariantCulture));
        }
        Assert.Equal(1, ClockGrid.Detect([.. times.Select(s => new EventSequence(s.Key, [.. s.Value], null))], 1));
    }

    [Theory]
    [InlineData(1, 3600, 9)]
    [InlineData(60, 3600, 6)]
    [InlineData(300, 3600, 4)]
    [InlineData(1, 1, 3)]
    [InlineData(0.05, 1, 3)]
    [InlineData(0.001, 1, 3)]
    [InlineData(60, 86_400, 9)]
    [InlineData(7, 1, 0)]
    public void Detect_WhenTimesAreRoundedToDecimals_SeesTheClockThroughIt(double tickSeconds, double unitSeconds, int decimals)
    {
        EventSequence sequence = OnGrid(tickSeconds, unitSeconds, decimals, meanTicks: 40);
        AssertEx.Relative(tickSeconds / unitSeconds, ClockGrid.Detect([sequence], unitSeconds), 1e-12);
    }

    [Fact]
    public void Detect_WhenOneTimeInAThousandIsOff_StillFindsTheTick()
    {
        double[] times = [.. OnGrid(1, 1, 0, 40).Times];
        // One odd time spoils two gaps.
        times[1000] += 0.37;
        times[3000] += 0.21;
        Assert.Equal(1, ClockGrid.Detect([new EventSequence("s", times, null)], 1));
        for (int i = 0; i < times.Length; i += 50)
        {
            times[i] += 0.37;
        }
        Assert.Equal(0, ClockGrid.Detect([new EventSequence("s", times, null)], 1));
    }

    [Fact]
    public void Detect_WhenUnixTimesHaveMilliseconds_FindsThem()
    {
        double[] times = [.. OnGrid(0.001, 1, 3, 40).Times.Select(t => 1.7e9 + t)];
        AssertEx.Relative(0.001, ClockGrid.Detect([new EventSequence("s", times, null)], 1), 1e-9);
    }

    [Fact]
    public void Detect_WhenDailyJobsJitterBySeconds_KeepsTheSeconds()
    {
        RandomStream random = new(Seed);
        double[] times = [.. Enumerable.Range(0, 2000).Select(day => day * 86_400.0 + random.NextInt(3))];
        Assert.Equal(1, ClockGrid.Detect([new EventSequence("s", times, null)], 1));
    }

    [Fact]
    public void Detect_WhenTheTickIsFarBelowTheGaps_CallsThemContinuous() =>
        Assert.Equal(0, ClockGrid.Detect([OnGrid(1, 1, 0, 20_000)], 1));

    [Fact]
    public void Detect_WhenTimesAreContinuousOrFew_GivesZero()
    {
        RandomStream random = new(Seed, 1);
        double[] gaps = [.. Enumerable.Range(0, 5000).Select(_ => -Math.Log(random.NextDouble()))];
        Assert.Equal(0, ClockGrid.Detect(gaps, 1));
        Assert.Equal(0, ClockGrid.Detect([1.0, 2.0, 3.0], 1));
        Assert.Equal(0, ClockGrid.Detect([], 1));
        Assert.Equal(0, ClockGrid.Detect(new double[100], 1));
    }

    private static EventSequence OnGrid(double tickSeconds, double unitSeconds, int decimals, int meanTicks)
    {
        RandomStream random = new(Seed, meanTicks);
        double[] times = new double[5000];
        long ticks = 0;
        for (int i = 0; i < times.Length; i++)
        {
            ticks += (long)Math.Ceiling(-Math.Log(random.NextDouble()) * meanTicks);
            times[i] = Math.Round(ticks * tickSeconds / unitSeconds, decimals);
        }
        return new EventSequence("s", times, null);
    }
}
