using Azure.Messaging.EventHubs.Producer;

namespace Foretell.FakeHub.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--port must be a whole number from 0 to 65535, got 'x'", "--port", "x")]
    [InlineData("--port must be a whole number from 0 to 65535, got '70000'", "--port", "70000")]
    [InlineData("--partitions must be a whole number from 1 to 1024, got '0'", "--partitions", "0")]
    [InlineData("--hub must be names that differ, separated by commas, got 'a,A'", "--hub", "a,A")]
    [InlineData("Unrecognized command or argument '--bogus'", "--bogus")]
    [InlineData("Required argument missing for option: '--hub'", "--hub")]
    public async Task Run_WhenAnArgumentIsWrong_SaysWhich(string text, params string[] args)
    {
        using var error = new StringWriter();

        int code = await CommandLine.RunAsync(args, TextWriter.Null, error);

        Assert.Equal(2, code);
        Assert.Contains(text, error.ToString());
        Assert.Single(error.ToString().TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Run_WhenThePortIsTaken_SaysSo()
    {
        await using var other = new TestEndpoint();
        using var error = new StringWriter();

        int code = await CommandLine.RunAsync(["--port", $"{other.Endpoint.Port}"], TextWriter.Null, error);

        Assert.Equal(1, code);
        Assert.Contains($"Port {other.Endpoint.Port} cannot be had", error.ToString());
    }

    [Fact]
    public async Task Run_WhenAskedForHelp_NamesTheOptions()
    {
        using var output = new StringWriter();

        Assert.Equal(0, await CommandLine.RunAsync(["--help"], output, TextWriter.Null));
        Assert.All(["--port", "--hub", "--partitions", "--consumer-groups"], option => Assert.Contains(option, output.ToString()));
    }

    [Fact]
    public async Task Run_WhenStarted_ServesUntilItIsStopped()
    {
        using var stop = new CancellationTokenSource();
        var output = new FirstLines();
        Task<int> running = CommandLine.RunAsync(
            ["--port", "0", "--hub", "one,two", "--partitions", "3", "--consumer-groups", "a,b"], output, TextWriter.Null, stop.Token);

        string line = await output.ConnectionString.WaitAsync(TestEndpoint.Limit);
        await using (var client = new EventHubProducerClient(line))
        {
            Assert.Equal(["0", "1", "2"], await client.GetPartitionIdsAsync());
            await client.SendAsync(TestEndpoint.Bodies("x"));
        }
        await stop.CancelAsync();

        Assert.EndsWith("EntityPath=one", line);
        Assert.Equal(0, await running.WaitAsync(TestEndpoint.Limit));
    }

    /// <summary>Tells the first connection string as soon as it is written.</summary>
    private sealed class FirstLines : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> ConnectionString => _line.Task;

        public override Task WriteLineAsync(string? value)
        {
            if (value?.StartsWith("Endpoint=", StringComparison.Ordinal) == true)
            {
                _line.TrySetResult(value);
            }
            return Task.CompletedTask;
        }
    }
}
