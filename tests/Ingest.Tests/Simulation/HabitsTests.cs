using Foretell.Ingest.Simulation;

namespace Foretell.Ingest.Tests.Simulation;

/// <summary>The long-memory kind, held to a reader of its marks that knows the process and shares no code with it.</summary>
public sealed class HabitsTests
{
    private const int Streams = 100, Events = 51_200, Window = 64, Dishes = 8, Ways = 4, Beginning = 64;
    private const double Early = 1.0 / 2, Later = 1.0 / 16;

    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 7, 0, 0, TimeSpan.Zero);

    /// <summary>Probabilities of the marks that all guests have, among themselves.</summary>
    private static readonly Dictionary<string, double> s_common = new() { ["water"] = 0.5, ["tea"] = 0.25, ["bread"] = 0.25 };

    private static readonly Lazy<SimulatedEvent[][]> s_streams = new(() =>
        [.. Simulator.Create("long-memory", Streams, 20260205, s_start).Events().Take(Events).GroupBy(e => e.Stream)
            .Select(g => g.ToArray())]);

    [Fact]
    public void LogMark_WhenReadFromTheMarksAlone_IsTheSame()
    {
        foreach (SimulatedEvent[] stream in s_streams.Value)
        {
            Assert.Equal(LogProbabilities(stream, int.MaxValue), stream.Select(e => e.LogMark).Skip(1), (a, b) => Math.Abs(a - b) < 1e-12);
        }
    }

    [Fact]
    public void LogMark_WhenSummed_IsAsLikelyAsStated()
    {
        // What is drawn must fit what is stated: the scores' sum has the mean and the variance of the stated probabilities,
        // event by event. Limits at 3.3 deviations (level 0.001), seed 20260205.
        double sum = 0, mean = 0, variance = 0;
        foreach (SimulatedEvent[] stream in s_streams.Value)
        {
            var had = new HashSet<string>();
            for (int i = 0; i < stream.Length; i++)
            {
                double dishes = i < Beginning ? Early : Later, old = dishes * had.Count / Dishes;
                (double P, double LogP)[] outcomes =
                [
                    (old, Math.Log(dishes / Dishes)), (dishes - old, Math.Log(dishes / Dishes / Ways)),
                    .. s_common.Values.Select(share => ((1 - dishes) * share, Math.Log((1 - dishes) * share))),
                ];
                double expected = outcomes.Sum(o => o.P * o.LogP);
                if (i > 0)
                {
                    sum += stream[i].LogMark;
                    mean += expected;
                    variance += outcomes.Sum(o => o.P * o.LogP * o.LogP) - expected * expected;
                }
                if (DishOf(stream[i]) is { } dish)
                {
                    had.Add(dish);
                }
            }
        }
        Assert.InRange(sum, mean - 3.3 * Math.Sqrt(variance), mean + 3.3 * Math.Sqrt(variance));
    }

    [Fact]
    public void Dish_WhenItComesAgain_IsTheSameAndOftenHundredsOfEventsLater()
    {
        var distances = new List<int>();
        foreach (SimulatedEvent[] stream in s_streams.Value)
        {
            var last = new Dictionary<string, (int At, string Mark)>();
            for (int i = 0; i < stream.Length; i++)
            {
                if (DishOf(stream[i]) is { } dish)
                {
                    if (last.TryGetValue(dish, out (int At, string Mark) before))
                    {
                        Assert.Equal(before.Mark, stream[i].Mark);
                        if (i >= Beginning)
                        {
                            distances.Add(i - before.At);
                        }
                    }
                    last[dish] = (i, stream[i].Mark);
                }
            }
        }
        // Behind the beginning a dish comes once in 128 events: (127/128)^64 = 0.61 of the waits are longer than 64 and 0.21
        // longer than 200; the streams' ends cut long ones off.
        Assert.InRange(distances.Count(d => d > Window) / (double)distances.Count, 0.40, 0.61);
        Assert.InRange(distances.Count(d => d > 200) / (double)distances.Count, 0.08, 0.21);
    }

    [Fact]
    public void Marks_WhenOnlyTheLatest64AreKnown_CostFarMore()
    {
        // The least that a forgetful reader loses: one event in 16 is a dish, three in five of them were not had lately, and each
        // costs ln 4.
        double full = s_streams.Value.Sum(s => LogProbabilities(s, int.MaxValue).Sum()),
            recent = s_streams.Value.Sum(s => LogProbabilities(s, Window).Sum());

        Assert.InRange((full - recent) / s_streams.Value.Sum(s => s.Length - 1), 0.035, 0.050);
    }

    /// <summary>Log probability of each mark but the first, to a reader who knows the process, and how each dish was had if that
    /// is not too long ago.</summary>
    private static IEnumerable<double> LogProbabilities(SimulatedEvent[] stream, int window)
    {
        var last = new Dictionary<string, int>();
        for (int i = 0; i < stream.Length; i++)
        {
            double dishes = i < Beginning ? Early : Later;
            string? dish = DishOf(stream[i]);
            bool knows = dish is not null && last.TryGetValue(dish, out int at) && i - at <= window;
            double probability = dish is null ? (1 - dishes) * s_common[stream[i].Mark] : dishes / Dishes / (knows ? 1 : Ways);
            if (i > 0)
            {
                yield return Math.Log(probability);
            }
            if (dish is not null)
            {
                last[dish] = i;
            }
        }
    }

    /// <summary>"dish 7" of "dish 7 hot", null for other marks.</summary>
    private static string? DishOf(SimulatedEvent e) =>
        e.Mark.StartsWith("dish ", StringComparison.Ordinal) ? e.Mark[..e.Mark.LastIndexOf(' ')] : null;
}
