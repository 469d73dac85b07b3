using Foretell.Engine.Events;
using Foretell.Ingest.Simulation;

namespace Foretell.Ingest.Tests.Simulation;

/// <summary>
/// The stated densities against the drawn gaps, by the time-rescaling theorem: the cumulated hazard between events
/// is exponential with mean 1. The hazard comes from integrating the density numerically, so that sampling and
/// density, which share no code, check each other.
/// </summary>
/// <remarks>Source: Brown et al., "The time-rescaling theorem and its application", Neural Computation 2002.</remarks>
public sealed class GapProcessTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 7, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Kinds => [.. SimulationKind.All.Select(k => k.Name), SimulationKind.AnyPace.Name];

    public static TheoryData<string> LiveKinds => [.. SimulationKind.All.Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void LogDensity_WhenIntegratedOverAllGaps_IsOne(string kind)
    {
        var stream = new SimulatedStream(KindOf(kind), 3, 20260131, s_start);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(1, Cdf(stream.Process, kind == SimulationKind.AnyPace.Name ? 1e12 : 1e5, Steps(kind, 1000)), 1e-6);
            stream.Next();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Sample_WhenRescaledByItsHazard_IsUnitExponential(string kind)
    {
        // Seed 20260201; the Kolmogorov-Smirnov test at level 0.001 has its limit at 1.95 / sqrt(n).
        List<double> hazards = [.. Enumerable.Range(0, 10).SelectMany(number => Hazards(kind, number, 20260201, 200))];

        Assert.InRange(KolmogorovSmirnov(hazards), 0, 1.95 / Math.Sqrt(hazards.Count));
        // Successive hazards must be uncorrelated too; their sample correlation has a deviation of 1 / sqrt(n).
        double mean = hazards.Average();
        double variance = hazards.Average(h => (h - mean) * (h - mean));
        double covariance = Enumerable.Range(1, hazards.Count - 1).Average(i => (hazards[i] - mean) * (hazards[i - 1] - mean));
        Assert.InRange(covariance / variance, -3.3 / Math.Sqrt(hazards.Count), 3.3 / Math.Sqrt(hazards.Count));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void KolmogorovSmirnov_WhenHazardsAreAFifthTooLarge_Notices(string kind)
    {
        // The test above must be able to fail: a density that is off by a fifth of its rate does not pass.
        List<double> hazards = [.. Enumerable.Range(0, 10).SelectMany(number => Hazards(kind, number, 20260202, 200))];

        Assert.True(KolmogorovSmirnov([.. hazards.Select(h => h * 1.2)]) > 1.95 / Math.Sqrt(hazards.Count));
    }

    [Theory]
    [MemberData(nameof(LiveKinds))]
    public void Next_WhenDrawnOften_HasGapsOfALiveDemo(string kind)
    {
        Simulator simulator = Simulator.Create(kind, 200, 20260203, s_start);
        SimulatedEvent[] events = [.. simulator.Events().Take(20_000)];

        double mean = events.GroupBy(e => e.Stream).Where(g => g.Count() > 1)
            .Average(g => (g.Max(e => e.TimeSeconds) - g.Min(e => e.TimeSeconds)) / (g.Count() - 1));
        Assert.InRange(mean, 5, 120);
        Assert.All(events, e => Assert.True(double.IsFinite(e.LogDensity) && e.LogMark <= 0));
    }

    [Fact]
    public void Next_WhenStreamsAreOfAnyPace_HasUsualGapsFromMillisecondsToWeeks()
    {
        double[] levels = [.. Simulator.Streams("any-pace", 300, 20260204, s_start).Select(stream =>
        {
            double first = stream.Next().TimeSeconds;
            double[] times = [.. Enumerable.Range(0, 101).Select(_ => stream.Next().TimeSeconds)];
            return times.Zip(times.Skip(1)).Average(t => Math.Log(t.Second - t.First));
        })];

        // ln(gap) is a triangle from -5 to 15; turns reach 3 further, bursts some 2 lower. A hundredth of it lies below -3.6.
        double[] sorted = [.. levels.Order()];
        Assert.InRange(sorted[2], -8, -1);
        Assert.InRange(sorted[^3], 11, 17);
        Assert.InRange(levels.Count(level => level < 5), 130, 200);
    }

    private static SimulationKind KindOf(string name) =>
        SimulationKind.All.Append(SimulationKind.AnyPace).Single(k => k.Name == name);

    /// <summary>Streams of any pace can be six times as regular as the others, over twice the range of ln(gap).</summary>
    private static int Steps(string kind, int steps) => kind == SimulationKind.AnyPace.Name ? 12 * steps : steps;

    /// <summary>Hazards cumulated between one stream's events, from a second stream that follows one event behind.</summary>
    private static IEnumerable<double> Hazards(string kind, int number, long seed, int count)
    {
        var ahead = new SimulatedStream(KindOf(kind), number, seed, s_start);
        var behind = new SimulatedStream(KindOf(kind), number, seed, s_start);
        SimulatedEvent previous = ahead.Next();
        behind.Next();
        for (int i = 0; i < count; i++)
        {
            SimulatedEvent next = ahead.Next();
            double gap = (next.TimeTicks - previous.TimeTicks) / (double)EventTime.PerSecond;
            yield return -Math.Log(1 - Cdf(behind.Process, gap, Steps(kind, 250)));
            behind.Next();
            previous = next;
        }
    }

    /// <summary>Integral of a density up to a gap, over ln(gap) by Simpson's rule.</summary>
    private static double Cdf(GapProcess process, double gap, int steps)
    {
        const double from = -25;
        double step = (Math.Log(gap) - from) / steps;
        double Term(double x) => Math.Exp(process.LogDensity(Math.Exp(x)) + x);
        double sum = Term(from) + Term(Math.Log(gap));
        for (int i = 0; i < steps; i++)
        {
            sum += 4 * Term(from + (i + 0.5) * step) + (i > 0 ? 2 * Term(from + i * step) : 0);
        }
        return sum * step / 6;
    }

    private static double KolmogorovSmirnov(List<double> hazards)
    {
        double[] uniform = [.. hazards.Select(h => 1 - Math.Exp(-h)).Order()];
        return uniform.Select((u, i) => Math.Max(u - i / (double)uniform.Length, (i + 1) / (double)uniform.Length - u)).Max();
    }
}
