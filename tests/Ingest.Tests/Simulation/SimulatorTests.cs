using System.Security.Cryptography;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Simulation;

namespace Foretell.Ingest.Tests.Simulation;

public sealed class SimulatorTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 7, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Create_WhenKindIsUnknown_ListsTheKinds() =>
        Assert.Contains("hawkes, renewal, self-correcting, daily, long-memory, churn, any-pace, demo",
        Assert.Throws<ArgumentException>(() => Simulator.Create("poisson", 1, 1, s_start)).Message);

    [Fact]
    public void Next_WhenCalledOn_GivesEventsInTimeOrder()
    {
        Simulator simulator = Simulator.Create("demo", 100, 7, s_start);
        long last = EventTime.FromDateTimeOffset(s_start);
        for (int i = 0; i < 5000; i++)
        {
            long announced = simulator.NextTicks;
            SimulatedEvent next = simulator.Next();
            Assert.Equal(announced, next.TimeTicks);
            Assert.True(next.TimeTicks >= last);
            last = next.TimeTicks;
        }
    }

    [Fact]
    public void Next_WhenMachineIsAny_GivesTheSameEvents()
    {
        // The digest was taken once; another one on some machine means that its events differ from everyone's.
        var text = new StringBuilder();
        foreach (SimulatedEvent e in Simulator.Create("demo", 50, 1, s_start).Events().Take(20_000))
        {
            text.Append(e.Stream).Append(' ').Append(e.TimeTicks).Append(' ').Append(e.Mark).Append(' ')
                .Append(BitConverter.DoubleToInt64Bits(e.LogDensity)).Append('\n');
        }

        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        Assert.Equal("c6be24eeb036a0679b49fb1787c0d3a6", Convert.ToHexStringLower(digest.AsSpan(0, 16)));
    }

    [Fact]
    public void Next_WhenMoreStreamsTakePart_LeavesAStreamsEventsAlone()
    {
        SimulatedEvent[] few = [.. Simulator.Create("demo", 10, 5, s_start).Events().Where(e => e.Stream == "customer-00003").Take(50)];
        SimulatedEvent[] many = [.. Simulator.Create("demo", 40, 5, s_start).Events().Where(e => e.Stream == "customer-00003").Take(50)];

        Assert.Equal(few, many);
    }

    [Fact]
    public void Next_WhenSeedDiffers_GivesOtherEvents() => Assert.NotEqual(
        Simulator.Create("hawkes", 5, 1, s_start).Events().Take(10), Simulator.Create("hawkes", 5, 2, s_start).Events().Take(10));

    [Fact]
    public void Next_WhenDemo_MixesEveryKind() => Assert.Equal(["account", "customer", "desk", "machine"],
        Simulator.Create("demo", 20, 1, s_start).Events().Take(2000).Select(e => e.Stream.Split('-')[0]).Distinct().Order());

    [Theory]
    [InlineData("renewal")]
    [InlineData("self-correcting")]
    [InlineData("hawkes")]
    [InlineData("daily")]
    public void Next_WhenMarksAreCounted_TheyFollowTheirStatedProbabilities(string kind)
    {
        // An event's mark weighs one over the probability stated for it: each mark's weights then sum, in the mean, to
        // the number of events, whatever the history was. Seed 11; limits at 3.3 deviations (level 0.001).
        string[] marks = [.. SimulationKind.All.Single(k => k.Name == kind).Marks];
        var came = new Dictionary<(string Mark, double LogMark), int>();
        int scored = 0;
        foreach (SimulatedEvent e in Simulator.Create(kind, 100, 11, s_start).Events().Take(60_000).Where(e => e.Ordinal > 0))
        {
            came[(e.Mark, e.LogMark)] = came.GetValueOrDefault((e.Mark, e.LogMark)) + 1;
            scored++;
        }
        Assert.Equal(marks.Order(), came.Keys.Select(k => k.Mark).Distinct().Order());

        foreach (string mark in marks)
        {
            double weighted = came.Where(c => c.Key.Mark == mark).Sum(c => c.Value / Math.Exp(c.Key.LogMark));
            double variance = came.Where(c => c.Key.Mark == mark).Sum(c => c.Value / Math.Exp(2 * c.Key.LogMark)) - scored;
            Assert.InRange(weighted, scored - 3.3 * Math.Sqrt(variance), scored + 3.3 * Math.Sqrt(variance));
        }
    }

    [Fact]
    public void MarkRows_WhenSummed_AreProbabilities()
    {
        foreach (SimulationKind kind in SimulationKind.All)
        {
            MarkProcess marks = kind.CreateMarks();
            var random = new SplitMix64(20260204);
            for (int i = 0; i < 200; i++)
            {
                foreach (double gap in (double[])[0, 0.5, 0.95, 2])
                {
                    double[] row = marks.Row(gap).ToArray();
                    Assert.Equal(kind.Marks.Length, row.Length);
                    Assert.Equal(1, row.Sum(), 1e-12);
                }
                marks.Advance(random.NextIndex(marks.Row(0)));
            }
        }
    }
}
