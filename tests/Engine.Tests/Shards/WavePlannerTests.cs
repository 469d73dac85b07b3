using Foretell.Engine.Shards;
using Foretell.Models.Mixers;

namespace Foretell.Engine.Tests.Shards;

public class WavePlannerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(100_000)]
    public void Plan_WhenRowsRepeat_SeparatesThemAndKeepsTheirOrder(int rows)
    {
        var planner = new WavePlanner(256);
        var random = new Random(1);
        for (int slice = 0; slice < 50; slice++)
        {
            planner.Clear();
            StepInput[] inputs = [.. Enumerable.Range(0, random.Next(1, 257)).Select(i => new StepInput(random.Next(rows), 0, 0, i))];
            foreach (StepInput input in inputs)
            {
                planner.Add(input);
            }
            planner.Plan();

            var planned = new List<StepInput>();
            for (int wave = 0; wave < planner.Waves; wave++)
            {
                StepInput[] events = planner.Wave(wave).ToArray();
                Assert.NotEmpty(events);
                Assert.Equal(events.Length, events.Select(e => e.Row).Distinct().Count());
                planned.AddRange(events);
            }
            Assert.Equal(inputs.OrderBy(e => e.Ordinal), planned.OrderBy(e => e.Ordinal));
            foreach (IGrouping<int, StepInput> row in planned.GroupBy(e => e.Row))
            {
                Assert.Equal(row.Select(e => e.Ordinal).Order(), row.Select(e => e.Ordinal));
            }
            Assert.Equal(inputs.GroupBy(e => e.Row).Max(g => g.Count()), planner.Waves);
        }
    }

    [Fact]
    public void Plan_WhenNothingCame_HasNoWave()
    {
        var planner = new WavePlanner(256);
        planner.Plan();
        Assert.Equal(0, planner.Waves);
    }
}
