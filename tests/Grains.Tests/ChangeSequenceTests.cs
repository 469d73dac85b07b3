using Foretell.Grains.Contracts;
using Foretell.Grains.Feeds;

namespace Foretell.Grains.Tests;

public class ChangeSequenceTests
{
    private readonly ChangeSequence _sequence = new();

    [Fact]
    public void Take_WhenTheShardAnswersFirst_BeginsWithWhereTheStreamStands()
    {
        Assert.Empty(Push(events: 5));
        Assert.Equal(["7"], Answer(events: 7));
        Assert.Empty(Push(events: 6));
        Assert.Equal(["8"], Push(events: 8));
    }

    [Fact]
    public void Take_WhenTheStreamHasNoEvent_BeginsWithItsFirst()
    {
        Assert.Empty(Answer(events: 0));
        Assert.Equal(["1"], Push(events: 1));
    }

    [Fact]
    public void Take_WhenChangesRepeatOrAreMissing_TellsEachOnceAndHowManyAreNot()
    {
        Answer(events: 1);
        Assert.Equal(["2"], Push(events: 2));
        Assert.Empty(Push(events: 2));
        Assert.Equal(["gap 2", "5"], Push(events: 5));
        Assert.Empty(Push(events: 3));
    }

    [Fact]
    public void Take_WhenTheLastChangeIsLost_TellsOfItAtTheSecondAnswer()
    {
        Answer(events: 1);
        Assert.Empty(Answer(events: 3));
        Assert.Equal(["2"], Push(events: 2));
        Assert.Equal(["3"], Answer(events: 3));
        Assert.Empty(Answer(events: 3));
        Assert.Empty(Answer(events: 9));
        Assert.Equal(["gap 6", "10"], Answer(events: 10));
    }

    [Fact]
    public void Take_WhenANewOwnerHasAnswered_IgnoresTheOldOne()
    {
        Answer(events: 4, epoch: 1);
        // The new owner has not yet replayed what the old one had applied.
        Assert.Empty(Answer(events: 2, epoch: 2));
        Assert.Empty(Push(events: 5, epoch: 1));
        Assert.Empty(Answer(events: 6, epoch: 1));
        Assert.Empty(Answer(events: 6, epoch: 1));
        Assert.Equal(["5"], Push(events: 5, epoch: 2));
    }

    private string[] Push(long events, long epoch = 1) => Told(new ChangeNews(Change(events, epoch), null));

    private string[] Answer(long events, long epoch = 1) =>
        Told(new ChangeNews(null, new Subscribed(epoch, events == 0 ? null : Change(events, epoch))));

    private string[] Told(ChangeNews news) =>
        [.. _sequence.Take(news)
            .Select(item => item.Value is { } change ? Assert.IsType<string>(item.Id) is var id && id == $"{change.Events}" ? id : "?"
            : $"gap {item.Missed}")];

    private static StreamChange Change(long events, long epoch) => new("a", 0, epoch, events, events, events, new byte[8]);
}
