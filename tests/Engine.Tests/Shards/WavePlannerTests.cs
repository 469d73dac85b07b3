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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100_000)]
    public void Plan_WhenEventsHaveValues_KeepsThemWithTheirEvents(int rows)
    {
        var planner = new WavePlanner(64, values: 2);
        var random = new Random(2);
        for (int slice = 0; slice < 50; slice++)
        {
            planner.Clear();
            int events = random.Next(1, 65);
            for (int i = 0; i < events; i++)
            {
                int row = random.Next(rows);
                Span<float> values = planner.Add(new StepInput(row, 0, 0, i));
                Assert.Equal(2, values.Length);
                (values[0], values[1]) = (i, -row);
            }
            planner.Plan();

            int planned = 0;
            for (int wave = 0; wave < planner.Waves; wave++)
            {
                StepInput[] inputs = planner.Wave(wave).ToArray();
                Assert.Equal(inputs.SelectMany(e => new float[] { e.Ordinal, -e.Row }), planner.Values(wave).ToArray());
                planned += inputs.Length;
            }
            Assert.Equal(events, planned);
        }
    }

    [Fact]
    public void Add_WhenStepsTakeNoValues_HasNone()
    {
        var planner = new WavePlanner(16);
        Assert.True(planner.Add(new StepInput(1, 0, 0, 0)).IsEmpty);
        planner.Plan();
        Assert.Equal((1, 0), (planner.Wave(0).Length, planner.Values(0).Length));
    }

    [Fact]
    public void EventsOf_WhileASliceFills_CountsEachRowsOwn()
    {
        var planner = new WavePlanner(16);
        Assert.Equal(0, planner.EventsOf(7));
        planner.Add(new StepInput(7, 0, 0, 0));
        planner.Add(new StepInput(8, 0, 0, 0));
        planner.Add(new StepInput(7, 0, 0, 1));
        Assert.Equal((2, 1, 0), (planner.EventsOf(7), planner.EventsOf(8), planner.EventsOf(9)));
        planner.Clear();
        Assert.Equal(0, planner.EventsOf(7));
    }

    [Fact]
    public void Plan_WhenNothingCame_HasNoWave()
    {
        var planner = new WavePlanner(256);
        planner.Plan();
        Assert.Equal(0, planner.Waves);
    }
}
