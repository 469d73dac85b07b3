namespace Foretell.FakeHub.Tests;

public sealed class ChangesTests
{
    private readonly Hub _hub = new("events", 1);

    [Fact]
    public async Task Until_WhenTheConditionComesTrue_Returns()
    {
        Task waiting = _hub.Partitions[0].UntilAsync(p => p.Count == 2, TestEndpoint.Limit);

        _hub.Partitions[0].Append("a");
        Assert.False(waiting.IsCompleted);
        _hub.Partitions[0].Append("b");

        await waiting;
    }

    [Fact]
    public async Task Until_WhenItDoesNotComeTrue_SaysWhat()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(() => _hub.UntilAsync(h => h.Count == 1, TimeSpan.FromMilliseconds(1)));

        Assert.Equal("'h => h.Count == 1' did not come true within 0.001 s.", error.Message);
    }

    [Fact]
    public void Fault_WhenArmed_StrikesThatOften()
    {
        var fault = new Fault();
        fault.Arm(2);

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => fault.Strikes()));
        fault.Arm(int.MaxValue);
        Assert.True(fault.Strikes());
        Assert.Equal(int.MaxValue, fault.Left);
        fault.Arm(0);
        Assert.False(fault.Strikes());
    }
}
