using Foretell.Cli.Running;
using Foretell.Support;
using Microsoft.Extensions.Logging;

namespace Foretell.Cli.Tests.Running;

/// <summary>A run's log: one line an entry where somebody looks, and everything in a file.</summary>
public sealed class HostLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.At("foretell.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Log_WhenAnEntryHasAnException_ShowsOneLineAndKeepsTheTraceInTheFile()
    {
        var shown = new List<string>();
        using var log = new HostLog(new LogFile(File), shown.Add);
        Exception failure = Thrown();

        Write(log, LogLevel.Warning, "Execution attempt.\nSource: 'get', result:\r\n\e[31m504", failure);

        Assert.Matches(@"^\S+Z warning: Polly: Execution attempt\. Source: 'get', result: \uFFFD\[31m504 IOException: the disk is full$", shown[0]);
        Assert.Equal([$"The log's full texts are in {File}."], shown[1..]);
        Assert.EndsWith("504 IOException: the disk is full", Assert.Single(log.Lines));
        Assert.Contains("   at Foretell.Cli.Tests.Running.HostLogTests.Thrown()", System.IO.File.ReadAllText(File));
        Assert.Equal(File, log.FullText);
    }

    [Fact]
    public void Log_WhenNothingIsWrong_ShowsNothingAndMakesNoFile()
    {
        using var log = new HostLog(new LogFile(File), line => Assert.Fail(line));

        Write(log, LogLevel.Information, "All is well.", null);

        Assert.Empty(log.Lines);
        Assert.Null(log.FullText);
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("12:00:00.123 fail: Orleans.Runtime.Silo[100] Away. System.IO.IOException: gone    at A.B`1.C[D](E f) in x.cs:line 1    at G()",
        "silo 2: 12:00:00 Away. System.IO.IOException: gone")]
    [InlineData("Unhandled exception. System.InvalidOperationException: no", "silo 2: Unhandled exception. System.InvalidOperationException: no")]
    [InlineData("12:00:00.123 warn: Polly[3] Look at (this) at once.", "silo 2: 12:00:00 Look at (this) at once.")]
    [InlineData("   at Foretell.Silo.SiloHost.RunAsync(WebApplicationBuilder builder)", null)]
    [InlineData("--- End of stack trace from previous location ---", null)]
    public void Log_WhenASiloWritesAStackTrace_KeepsItForTheFile(string line, string? expected)
    {
        using var log = new HostLog(new LogFile(File));

        log.Add("silo 2", line);

        Assert.Equal(expected is null ? [] : [expected], log.Lines);
        Assert.Equal($"silo 2: {line}", System.IO.File.ReadAllText(File).TrimEnd());
    }

    [Fact]
    public void File_WhenItIsFull_BeginsAnewAndKeepsOneOlder()
    {
        var file = new LogFile(File, mostBytes: 10);

        foreach (string entry in new[] { "the first", "the second", "the third" })
        {
            Assert.True(file.TryAdd(entry));
        }

        Assert.Equal("the third", System.IO.File.ReadAllText(File).TrimEnd());
        Assert.Equal("the second", System.IO.File.ReadAllText(File + ".1").TrimEnd());
    }

    [Fact]
    public void Log_WhenItsFileCannotBeWritten_StillShowsTheLine()
    {
        using var log = new HostLog(new LogFile(_folder.At("missing/foretell.log")));

        Write(log, LogLevel.Error, "Something is wrong.", null);

        Assert.Single(log.Lines);
        Assert.Null(log.FullText);
    }

    private static void Write(HostLog log, LogLevel level, string message, Exception? failure)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        loggers.CreateLogger("Polly").Log(level, 0, message, failure, (state, _) => state);
    }

    private static Exception Thrown()
    {
        try
        {
            throw new IOException("the disk is full");
        }
        catch (IOException failure)
        {
            return failure;
        }
    }
}
