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

    /// <summary>The same that reads and forecasts values of events, too.</summary>
    public static readonly ForecastModel Valued = ForecastModel.Untrained(Model.Config with
    {
        Values = [new ValueScale("amount", 3, 1) { Floor = 0.1, Within = 0.5 }, new ValueScale("temp", 20, 5) { Share = 0.5 }],
        ForecastsValues = true,
    }, seed: 1);

    public static ForecastModel Create(int seed, string mixer = "aaren", int states = 0) => ForecastModel.Untrained(new ModelConfig
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
    }, seed);

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
}
