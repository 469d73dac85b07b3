using Foretell.Engine;
using Foretell.Grains.Cluster;
using Foretell.Grains.Contracts;
using Foretell.Support;

namespace Foretell.Grains.Tests;

/// <summary>How long a question to a shard may go unanswered, with a clock that moves when a test says so.</summary>
public sealed class ShardCallTests
{
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(1);

    private readonly TestTime _time = new();
    private readonly ShardPulse _pulse;
    private readonly TaskCompletionSource<int> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _status = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    public ShardCallTests() => _pulse = new ShardPulse(_time);

    [Fact]
    public async Task Answer_WhenNoneComes_IsGivenUpWhenThePatienceEnds()
    {
        Task<int> call = CallAsync(ShardCall.Patience);
        _time.Advance(ShardCall.Patience - s_moment);
        Assert.False(call.IsCompleted);

        _time.Advance(s_moment);
        PlatformUnavailableException e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => call);
        Assert.Contains("Partition 7 does not answer", e.Message);
    }

    [Fact]
    public async Task Answer_WhenItTakesWorkOfAnOwnerThatLives_IsWaitedFor()
    {
        Task<int> call = CallAsync(ShardCall.WhileAlive);
        _time.Advance(TimeSpan.FromMinutes(1));
        _answer.SetResult(5);

        Assert.Equal(5, await call);
    }

    [Fact]
    public async Task Answer_WhenTheOwnerIsFoundSilent_IsGivenUpHoweverLongItMayTake()
    {
        Task<int> call = CallAsync(ShardCall.WhileAlive);
        await FallSilentAsync();
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => call);

        // The next question does not even go out, so that a thousand streams take no longer than one.
        await Assert.ThrowsAsync<PlatformUnavailableException>(() => CallAsync(ShardCall.WhileAlive));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Answer_WhenItFails_SaysWhy()
    {
        Task<int> call = CallAsync(ShardCall.Patience);
        _answer.SetException(new ShardUnavailableException("It loads."));

        Assert.Equal("It loads.", (await Assert.ThrowsAsync<PlatformUnavailableException>(() => call)).Message);
    }

    [Fact]
    public async Task Answer_WhenTheCallerGivesUp_IsCancelled()
    {
        using var caller = new CancellationTokenSource();
        Task<int> call = CallAsync(ShardCall.Patience, caller.Token);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Silence_WhenTheStatusIsAnsweredInTime_IsNotFound()
    {
        Task ask = _pulse.AskAsync(() => _status.Task);
        _time.Advance(ShardPulse.Patience - s_moment);
        _status.SetResult();
        await ask;
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.False(_pulse.Silence.IsCompleted);
    }

    [Fact]
    public async Task Silence_WhenTheNextStatusIsAnswered_IsOver()
    {
        await FallSilentAsync();
        await _pulse.AskAsync(() => Task.CompletedTask);

        Assert.False(_pulse.Silence.IsCompleted);
    }

    [Fact]
    public async Task Silence_WhenTheSiloIsGone_IsOver()
    {
        await FallSilentAsync();
        await _pulse.AskAsync(() => Task.FromException(new InvalidOperationException("The silo became unavailable.")));

        Assert.False(_pulse.Silence.IsCompleted);
    }

    [Fact]
    public async Task Silence_WhenTheQuestionTimesOut_GoesOn()
    {
        await FallSilentAsync();
        _status.SetException(new TimeoutException());
        await _pulse.AskAsync(() => Task.FromException(new TimeoutException()));

        Assert.True(_pulse.Silence.IsCompleted);
    }

    [Fact]
    public async Task Silence_WhenALateAnswerComes_IsOver()
    {
        await FallSilentAsync();
        _status.SetResult();
        await ShardGrainTests.UntilAsync(() => Task.FromResult(!_pulse.Silence.IsCompleted));
    }

    private Task<int> CallAsync(TimeSpan patience, CancellationToken caller = default) => ShardCall.AnswerAsync(7, () =>
    {
        _asked++;
        return _answer.Task;
    }, _pulse.Silence, patience, _time, caller);

    private async Task FallSilentAsync()
    {
        Task ask = _pulse.AskAsync(() => _status.Task);
        Assert.False(_pulse.Silence.IsCompleted);
        _time.Advance(ShardPulse.Patience);
        await ask;
        Assert.True(_pulse.Silence.IsCompleted);
    }
}
