using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Support;

/// <summary>A small model with random weights, and events made for it.</summary>
public static class Small
{
    public static readonly ForecastModel Model = Create(seed: 1);

    /// <summary>The model as a host serves it.</summary>
    public static readonly ServingModel Serving = new(Model);

    /// <summary>The same with an amount, of which the logarithm is read, a temperature, and two kinds of stream.</summary>
    public static readonly ForecastModel Valued = CreateValued(seed: 1);

    /// <summary>That one as a host serves it.</summary>
    public static readonly ServingModel ServingValued = new(Valued);

    public static ForecastModel Create(int seed, string mixer = "aaren", int states = 0) => ForecastModel.Untrained(Config(mixer, states), seed);

    public static ForecastModel CreateValued(int seed, string mixer = "aaren", int states = 0) => ForecastModel.Untrained(
        Config(mixer, states) with
        {
            Values =
            [
                new ValueScale("amount", 3, 1.2) { Floor = 0.01, Within = 0.6, Share = 0.7 },
                new ValueScale("temp", 20, 5) { Within = 0.8 },
            ],
            ForecastsValues = true,
            Labels = ["human", "bot"],
        }, seed);

    private static ModelConfig Config(string mixer, int states) => new()
    {
        Width = 16,
        Layers = 2,
        Heads = 2,
        Mixer = mixer,
        States = states,
        Components = 16,
        TimeUnitSeconds = 60,
        Marks = ["login", "view", "buy"],
        Adapt = true,
    };

    /// <summary>
    /// Events of many streams in arrival order: one stream has a third of them, marks are known, unknown or
    /// missing, some events are a little late, some too late, some in the future.
    /// </summary>
    public static List<(string Stream, long Ticks, string Mark)> Workload(int events, int streams, long nowTicks, int seed = 1)
    {
        var random = new Random(seed);
        string[] marks = ["login", "view", "buy", "", "surprise"];
        long clock = nowTicks - TimeSpan.FromDays(30).Ticks;
        var list = new List<(string, long, string)>();
        for (int i = 0; i < events; i++)
        {
            clock += random.Next(4) == 0 ? 0 : (long)(random.NextDouble() * TimeSpan.FromSeconds(20).Ticks);
            long time = random.Next(30) switch
            {
                0 => clock - random.NextInt64(TimeSpan.FromSeconds(5).Ticks),
                1 => clock - TimeSpan.FromHours(6).Ticks,
                2 => nowTicks + TimeSpan.FromHours(2).Ticks,
                _ => clock,
            };
            int stream = random.Next(3) == 0 ? 0 : random.Next(streams);
            list.Add(($"user/{stream}", time, marks[random.Next(marks.Length)]));
        }
        return list;
    }

    /// <summary>
    /// The same with known, unknown and missing values, some of them out of every range; and one of twelve is a label in an
    /// event's place, of kinds that <see cref="Valued"/> knows and not, some of streams that have had no event.
    /// </summary>
    public static EventBatch ValuedWorkload(int records, int streams, long nowTicks, int seed = 1)
    {
        var batch = new EventBatch();
        var random = new Random(seed);
        foreach ((string stream, long ticks, string mark) in Workload(records, streams, nowTicks, seed))
        {
            if (random.Next(12) == 0)
            {
                string kind = random.Next(5) switch { 0 => "alien", 1 or 2 => "bot", _ => "human" };
                EventSets.AddLabel(batch, $"user/{random.Next(streams + streams / 8)}", ticks, kind);
                continue;
            }
            (string, double)[] values =
            [
                ("amount", random.Next(20) == 0 ? -1 : Math.Exp(random.NextDouble() * 6)),
                ("pulse", random.Next(60, 90)),
                ("temp", random.Next(50) == 0 ? 1e300 : 20 + random.NextDouble()),
            ];
            EventSets.Add(batch, stream, ticks, mark, values: [.. values.Where(_ => random.Next(3) > 0)]);
        }
        return batch;
    }
}
