using Foretell.Models.Monitoring;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Monitoring;

public class DriftDetectorTests
{
    private const int Seed = 53;
    private const long StationaryEvents = 2_000_000;

    /// <summary>Scores of streams whose model is right, by kind of stream; a faster pace lowers every score by its logarithm.</summary>
    private static readonly Dictionary<string, Func<RandomStream, Func<double>>> s_kinds = new()
    {
        ["poisson"] = random => () => -Math.Log(random.NextDouble()),
        ["log-normal"] = random => () =>
        {
            double z = random.NextNormal();
            return z * z / 2 + z;
        },
        ["regular"] = random => () =>
        {
            double z = random.NextNormal();
            return z * z / 2 + 0.05 * z;
        },
        ["rare mark"] = random => () => -Math.Log(random.NextDouble()) + (random.NextDouble() < 0.02 ? -Math.Log(0.02) : -Math.Log(0.98)),
        ["visits"] = Visits,
        ["self-exciting"] = SelfExciting,
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Add_WhenTheStreamIsStationary_KeepsTheStatedRateOfFalseAlarms(string kind)
    {
        Func<double> next = s_kinds[kind](new RandomStream(Seed));
        var detector = new DriftDetector();
        int alarms = 0;
        for (long i = 0; i < StationaryEvents; i++)
        {
            // A new stream from time to time: the first blocks of each must keep the rate as well.
            if (i % 20_000 == 0)
            {
                detector = default;
            }
            alarms += detector.Add(next()) ? 1 : 0;
        }
        // Stated: at most 1 in a million events. Of a Poisson count with mean 2, 8 or more come once in 1,000.
        Assert.InRange(alarms, 0, 7);
    }

    [Theory]
    [InlineData("poisson", 400, 0.95)]
    [InlineData("log-normal", 400, 0.95)]
    [InlineData("regular", 400, 0.95)]
    [InlineData("rare mark", 400, 0.95)]
    [InlineData("visits", 700, 0.9)]
    [InlineData("self-exciting", 2000, 0.6)]
    public void Add_WhenTheRateDoubles_FindsItWithinTheStatedDelay(string kind, int stated, double share)
    {
        const int rounds = 200;
        Func<double> next = s_kinds[kind](new RandomStream(Seed));
        int found = 0;
        for (int round = 0; round < rounds; round++)
        {
            var detector = new DriftDetector();
            for (int i = 0; i < 2048 + round; i++)
            {
                detector.Add(next());
            }
            for (int i = 0; i < stated; i++)
            {
                if (detector.Add(next() - Math.Log(2)))
                {
                    found++;
                    break;
                }
            }
        }
        Assert.True(found >= share * rounds, $"{found} of {rounds} doublings were found within {stated} events.");
    }

    [Fact]
    public void Add_WhenOneScoreIsFarOut_RaisesNoAlarm()
    {
        var random = new RandomStream(Seed);
        var detector = new DriftDetector();
        for (int i = 0; i < 100_000; i++)
        {
            bool isFarOut = i % 5000 == 4000;
            Assert.False(detector.Add(isFarOut ? 1e30 : -Math.Log(random.NextDouble())));
        }
    }

    [Fact]
    public void Add_WhenTheCountIsFull_GoesOnFinding()
    {
        var random = new RandomStream(Seed);
        DriftDetector detector = Full(random);
        uint before = detector.Events;
        Assert.True(before > uint.MaxValue - 64);
        bool found = false;
        for (int i = 0; i < 20_000 && !found; i++)
        {
            found = detector.Add(-Math.Log(random.NextDouble()) - (i < 10_000 ? 0 : 2));
            Assert.True(i >= 10_000 || detector.Events > uint.MaxValue - 64);
        }
        Assert.True(found);
        Assert.Equal(0u, detector.Events);
    }

    /// <summary>A detector with a long history whose count of events, its last field, is nearly full.</summary>
    private static unsafe DriftDetector Full(RandomStream random)
    {
        var detector = new DriftDetector();
        for (int i = 0; i < 20_000 / 32 * 32; i++)
        {
            detector.Add(-Math.Log(random.NextDouble()));
        }
        *((uint*)(&detector + 1) - 1) = uint.MaxValue - 31;
        return detector;
    }

    /// <summary>A mixture of short gaps within visits and long ones between them.</summary>
    private static Func<double> Visits(RandomStream random) => () =>
    {
        double log = random.NextDouble() < 0.25 ? 4.5 + 0.7 * random.NextNormal() : 2.08 + 0.5 * random.NextNormal();
        double within = (log - 2.08) / 0.5, between = (log - 4.5) / 0.7;
        return -Math.Log(0.75 / 0.5 * Math.Exp(-within * within / 2) + 0.25 / 0.7 * Math.Exp(-between * between / 2)) + log;
    };

    /// <summary>A Hawkes process with a branching ratio of 0.7: scores that hang together over a burst. Sampling: Dassios and
    /// Zhao 2013.</summary>
    private static Func<double> SelfExciting(RandomStream random)
    {
        const double baseRate = 1 / 150.0, decay = 1 / 15.0, jump = 0.7 * decay;
        double excitation = jump;
        return () =>
        {
            double gap = -Math.Log(random.NextDouble()) / baseRate, left = 1 + decay * Math.Log(random.NextDouble()) / excitation;
            gap = left > 0 ? Math.Min(gap, -Math.Log(left) / decay) : gap;
            double faded = Math.Exp(-decay * gap);
            double score = -Math.Log(baseRate + excitation * faded) + baseRate * gap + excitation * (1 - faded) / decay;
            excitation = excitation * faded + jump;
            return score;
        };
    }
}
