using Foretell.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.Silo.Tests;

public class StartPatienceTests
{
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly List<string> _told = [];

    [Fact]
    public async Task Try_WhenTheDatabaseComesLate_WaitsAndSaysWhyOnce()
    {
        int tries = 0;
        Task<int> opened = StartPatience.TryAsync(() => ++tries < 4
            ? throw new StorageException(tries < 3 ? "It cannot be reached." : "It has no tables.") { MayPass = true }
            : Task.FromResult(7), TimeSpan.FromSeconds(300), _told.Add, _time);

        for (int i = 0; i < 3; i++)
        {
            Assert.False(opened.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(7, await opened);
        Assert.Equal(["Waiting for at most 300 s (Foretell:StartSeconds): It cannot be reached.",
            "Waiting for at most 300 s (Foretell:StartSeconds): It has no tables."], _told);
    }

    [Fact]
    public async Task Try_WhenTheLimitIsOver_EndsWithTheReason()
    {
        Task<int> opened = StartPatience.TryAsync<int>(() => throw new StorageException("It cannot be reached.") { MayPass = true },
            TimeSpan.FromSeconds(2), _told.Add, _time);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(opened.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("It cannot be reached.", (await Assert.ThrowsAsync<StorageException>(() => opened)).Message);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 300)]
    public async Task Try_WhenWaitingIsOffOrOfNoUse_EndsAtOnce(bool mayPass, int seconds)
    {
        await Assert.ThrowsAsync<StorageException>(() => StartPatience.TryAsync<int>(
            () => throw new StorageException("The role lacks a right.") { MayPass = mayPass }, TimeSpan.FromSeconds(seconds), _told.Add, _time));

        Assert.Empty(_told);
    }
}
