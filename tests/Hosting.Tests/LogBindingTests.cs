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
}
