using Foretell.Engine.Log;

namespace Foretell.Engine.Tests.Log;

public class SequenceSignalTests
{
    [Fact]
    public async Task Wait_WhenNumberIsReached_CompletesAndNotBefore()
    {
        var signal = new SequenceSignal();
        Task five = signal.WaitAsync(5, CancellationToken.None), three = signal.WaitAsync(3, CancellationToken.None);
        signal.Publish(2);
        Assert.False(three.IsCompleted);
        signal.Publish(4);
        await three;
        Assert.False(five.IsCompleted);
        signal.Publish(9);
        await five;
        Assert.True(signal.WaitAsync(9, CancellationToken.None).IsCompletedSuccessfully);
    }

    [Fact]
    public void Publish_WhenNumberIsLower_ChangesNothing()
    {
        var signal = new SequenceSignal();
        signal.Publish(7);
        signal.Publish(3);
        Assert.Equal(7, signal.Value);
    }

    [Fact]
    public async Task Wait_WhenManyGiveUpWhileTheNumberStandsStill_LeavesNothingBehind()
    {
        var signal = new SequenceSignal();
        Task patient = signal.WaitAsync(2, CancellationToken.None);
        for (int i = 0; i < 10_000; i++)
        {
            using var patience = new CancellationTokenSource();
            Task waiting = signal.WaitAsync(2, patience.Token);
            await patience.CancelAsync();
            await Assert.ThrowsAsync<TaskCanceledException>(() => waiting);
        }
        Assert.InRange(signal.Waiters, 1, 32);
        signal.Publish(2);
        await patient;
    }

    [Fact]
    public async Task Wait_WhenSignalFailed_ThrowsForWhatIsBeyondItsNumber()
    {
        var signal = new SequenceSignal();
        signal.Publish(1);
        Task before = signal.WaitAsync(2, CancellationToken.None);
        signal.Fail(new PlatformUnavailableException("stopped"));
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => before);
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => signal.WaitAsync(2, CancellationToken.None));
        await signal.WaitAsync(1, CancellationToken.None);
    }
}
