using Foretell.Engine.Events;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

public sealed class LogBindingTests
{
    private readonly TestTime _time = new();

    [Theory]
    [InlineData(null, null, "late=50000000;future=36000000000;ahead=append")]
    [InlineData(null, 7.0, "late=70000000;future=36000000000;ahead=append")]
    [InlineData("late=10;future=20", null, "late=10;future=20")]
    [InlineData("late=10;future=20", 7.0, "late=70000000;future=20")]
    [InlineData("late=10;future=20;ahead=append", 7.0, "late=70000000;future=20;ahead=append")]
    public async Task Bind_WhenTheLogHasAPolicy_KeepsWhatIsNotAskedFor(string? inForce, double? lateSeconds, string expected)
    {
        using var folder = new TemporaryFolder();
        await using SqliteEventLog log = SqliteEventLog.Open(folder.At("log.db"), 2, _time);
        if (inForce is not null)
        {
            await log.AppendControlAsync(ControlRecord.Policy, inForce, default);
        }

        Assert.Null(await LogBinding.BindAsync(log, Small.Model,
            lateSeconds is { } late ? TimeSpan.FromSeconds(late) : null, futureTolerance: null, default));

        Assert.Equal(expected, await log.FindControlAsync(ControlRecord.Policy, default));
    }

    [Theory]
    [InlineData(null, null, ";streams=5;minute=3")]
    [InlineData(100L, null, ";streams=50;minute=9223372036854775807")]
    [InlineData(0L, 7L, ";streams=9223372036854775807;minute=4")]
    [InlineData(0L, 0L, "")]
    public async Task Bind_WhenTheLogHasAQuota_KeepsItUnlessAnotherIsAskedFor(long? streams, long? perMinute, string expected)
    {
        using var folder = new TemporaryFolder();
        await using SqliteEventLog log = SqliteEventLog.Open(folder.At("log.db"), 2, _time);
        await log.AppendControlAsync(ControlRecord.Policy, "late=10;future=20;streams=5;minute=3", default);

        Assert.Null(await LogBinding.BindAsync(log, Small.Model, null, null, streams, perMinute, default));

        Assert.Equal("late=10;future=20" + expected, await log.FindControlAsync(ControlRecord.Policy, default));
    }
}
