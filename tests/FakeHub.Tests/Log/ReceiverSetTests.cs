using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Tests.Log;

public sealed class ReceiverSetTests
{
    private readonly ReceiverSet _receivers = new();

    [Theory]
    [InlineData(1L, 2L)]
    [InlineData(2L, 2L)]
    [InlineData(null, 0L)]
    public void Add_WhenTheLevelIsEqualOrHigher_DisplacesTheHolder(long? level, long newLevel)
    {
        var holder = new Receiver("group", level, "a");
        _receivers.Add(holder);

        Assert.Equal([holder], _receivers.Add(new Receiver("GROUP", newLevel, "b")));
        Assert.Single(_receivers.All);
    }

    [Fact]
    public void Add_WhenTheLevelIsLower_IsRefusedWhileTheHolderIsThere()
    {
        var holder = new Receiver("group", 2, "a");
        _receivers.Add(holder);

        var refusal = Assert.Throws<HubException>(() => _receivers.Add(new Receiver("group", 1, "b")));
        _receivers.Remove(holder);

        Assert.Equal(HubConditions.LinkStolen, refusal.Condition);
        Assert.StartsWith("Receiver 'b' with a higher epoch '2' already exists. Receiver 'b' with epoch 1 cannot be created.",
            refusal.Message);
        Assert.Empty(_receivers.Add(new Receiver("group", 1, "b")));
    }

    [Fact]
    public void Add_WhenTheGroupIsAnother_DisplacesNobody()
    {
        _receivers.Add(new Receiver("one", 5, "a"));

        Assert.Empty(_receivers.Add(new Receiver("two", null, "b")));
    }

    [Fact]
    public void Stolen_WhenTold_NamesBoth() => Assert.StartsWith(
        "New receiver 'b' with higher epoch of '2' is created hence current receiver 'a' with epoch '1' is getting disconnected.",
        ReceiverSet.Stolen(new Receiver("g", 1, "a"), new Receiver("g", 2, "b")).Message);

    private sealed record Receiver(string ConsumerGroup, long? OwnerLevel, string Name) : IReceiver
    {
        public void Detach(HubException why)
        {
        }

        public void Wake()
        {
        }
    }
}
