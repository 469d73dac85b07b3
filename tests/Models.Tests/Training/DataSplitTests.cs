using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

public class DataSplitTests
{
    [Fact]
    public void Of_WhenThereAreManyStreams_PutsAFifthOfThemInDevWhateverTheirOrder()
    {
        List<EventSequence> streams = Streams(100, 6);
        DataSplit split = DataSplit.Of(streams), reversed = DataSplit.Of([.. streams.AsEnumerable().Reverse()]);

        Assert.Null(split.Cut);
        Assert.Equal((80, 20), (split.Train.Count, split.Dev.Count));
        Assert.Equal(Ids(streams), Ids(split.Train.Concat(split.Dev)));
        Assert.Equal(Ids(split.Dev), Ids(reversed.Dev));
        // By SHA-256, as Python counted it: names fall on the same side in every release.
        Assert.Equal(["s13", "s23", "s25", "s27", "s39"], Ids(split.Dev).Take(5));
    }

    [Fact]
    public void Of_WhenStreamsAreAdded_MovesOnlyThoseAtTheBorder()
    {
        HashSet<string> before = [.. Ids(DataSplit.Of(Streams(500, 3)).Dev)], after = [.. Ids(DataSplit.Of(Streams(550, 3)).Dev)];
        Assert.InRange(before.Count(after.Contains), 90, 100);
    }

    [Fact]
    public void Of_WhenThereAreFewStreams_CutsAllAtOneTime()
    {
        DataSplit split = DataSplit.Of(Streams(4, 25));

        double cut = split.Cut!.Value;
        Assert.All(split.Train, s => Assert.True(s.Times[^1] <= cut));
        // The last event of train is the context of the first that dev is scored on: no gap is lost, and none is in both.
        Assert.All(split.Dev, s => Assert.True(s.Times[0] <= cut && s.Times[1] > cut));
        Assert.Equal(4 * 24, split.Train.Concat(split.Dev).Sum(s => s.Times.Length - 1));
        Assert.Equal(80, split.Train.Sum(s => s.Times.Length));
        Assert.Equal("m24", split.Dev[0].Marks![^1]);
        Assert.Equal(split.Dev[0].Times.Length, split.Dev[0].Marks!.Length);
    }

    [Fact]
    public void Of_WhenOneStreamOutweighsTheOthers_CutsByTime() =>
        Assert.NotNull(DataSplit.Of([.. Streams(60, 2), .. Streams(1, 1000)]).Cut);

    [Fact]
    public void Of_WhenAllSequencesHaveOneName_CutsByTime() =>
        Assert.NotNull(DataSplit.Of([.. Streams(60, 5).Select(s => s with { Id = "0" })]).Cut);

    [Fact]
    public void Of_WhenOpenEndsCount_EndsTheObservationOfTrainAtTheCut()
    {
        DataSplit split = DataSplit.Of(
            [.. Streams(3, 20).Select(s => s with { Until = 500 }), new EventSequence("gone", [1, 2], null) { Until = 500 }]);

        Assert.All(split.Train, s => Assert.Equal(split.Cut, s.Until));
        Assert.All(split.Dev, s => Assert.Equal(500, s.Until));
        Assert.Equal([2], split.Dev.Single(s => s.Id == "gone").Times);
    }

    /// <summary>What events and streams carry stays with them on both sides, by stream as by time.</summary>
    [Theory]
    [InlineData(3, 20)]
    [InlineData(60, 5)]
    public void Of_WhenEventsCarryValues_KeepsThemWithTheirEvents(int streams, int events)
    {
        DataSplit split = DataSplit.Of([.. Streams(streams, events).Select((s, i) => s with
        {
            Values = new Dictionary<string, double[]>
            {
                ["a"] = [.. s.Times.Select(t => 10 * t)],
                ["b"] = [.. s.Times.Select(_ => double.NaN)],
            },
            Label = $"label of {s.Id}",
            Fold = i,
        })]);

        Assert.Equal(streams < 50, split.Cut is not null);
        Assert.All(split.Train.Concat(split.Dev), s =>
        {
            Assert.Equal(["a", "b"], s.Values!.Keys);
            Assert.Equal(s.Times.Select(t => 10 * t), s.Values["a"]);
            Assert.Equal(s.Times.Length, s.Values["b"].Length);
            Assert.Equal(($"label of {s.Id}", $"s{s.Fold}"), (s.Label, s.Id));
        });
        Assert.True(split.Train.Count > 0 && split.Dev.Count > 0);
    }

    [Fact]
    public void Of_WhenTheLatestEventsAreAtOneTime_CutsBeforeThem()
    {
        DataSplit split = DataSplit.Of([new EventSequence("a", [1, 2, 9, 9, 9, 9, 9, 9], null)]);
        Assert.Equal([1, 2], split.Train[0].Times);
        Assert.Equal([2, 9, 9, 9, 9, 9, 9], split.Dev[0].Times);
    }

    [Fact]
    public void Of_WhenThereIsTooLittle_SaysWhatToDo()
    {
        List<EventSequence>[] tooLittle =
            [[], Streams(50, 1), [new EventSequence("a", [1, 2], null)], [new EventSequence("a", [3, 3, 3], null)]];
        Assert.All(tooLittle, sequences => Assert.Contains("two files with --train and --dev",
            Assert.Throws<ArgumentException>(() => DataSplit.Of(sequences)).Message));
    }

    private static string[] Ids(IEnumerable<EventSequence> sequences) => [.. sequences.Select(s => s.Id).Order(StringComparer.Ordinal)];

    private static List<EventSequence> Streams(int count, int events) => [.. Enumerable.Range(0, count).Select(i =>
        new EventSequence($"s{i}", [.. Enumerable.Range(0, events).Select(t => t + 0.01 * i)],
            [.. Enumerable.Range(0, events).Select(t => $"m{t}")]))];
}
