using System.CommandLine;
using System.Net.Sockets;

namespace Foretell.FakeHub;

/// <summary>The endpoint as a program: one hub on a port, until Ctrl-C.</summary>
public static class CommandLine
{
    private const int Failure = 1, WrongUsage = 2, MostPartitions = 1024;

    /// <returns>The process's exit code: 0, 1 after a failure, 2 for wrong arguments.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"fakehub: {parsed.Errors[0].Message} See --help.");
            return WrongUsage;
        }
        return await parsed.InvokeAsync();
    }

    private static RootCommand Create()
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 5672 };
        var hub = new Option<string>("--hub") { Description = "Name of the hub.", DefaultValueFactory = _ => "events" };
        var partitions = new Option<int>("--partitions") { Description = "Number of partitions.", DefaultValueFactory = _ => 4 };
        var groups = new Option<string>("--consumer-groups")
        {
            Description = $"Consumer groups beside {Hub.DefaultConsumerGroup}, separated by commas.",
            DefaultValueFactory = _ => "",
        };
        Within(port, 0, ushort.MaxValue);
        Within(partitions, 1, MostPartitions);
        var root = new RootCommand("An Event Hubs endpoint in memory, for tests and to try things out. It forgets all when it stops.")
        {
            port, hub, partitions, groups,
        };
        root.SetAction((parsed, stop) => ServeAsync(
            new Hub(parsed.GetValue(hub)!, parsed.GetValue(partitions), Names(parsed.GetValue(groups)!)),
            parsed.GetValue(port), parsed.InvocationConfiguration, stop));
        return root;
    }

    private static async Task<int> ServeAsync(Hub hub, int port, InvocationConfiguration console, CancellationToken stop)
    {
        HubEndpoint endpoint;
        try
        {
            endpoint = HubEndpoint.Start(hub, new HubEndpointOptions { Port = port });
        }
        catch (SocketException failure)
        {
            await console.Error.WriteLineAsync($"fakehub: Port {port} cannot be had: {failure.Message}. Choose another with --port.");
            return Failure;
        }
        await using (endpoint)
        {
            await console.Output.WriteLineAsync($"""
                Serving the hub '{hub.Name}' with {hub.Partitions.Count} partitions and the consumer groups {string.Join(", ", hub.ConsumerGroups)}.
                Connection string:
                {endpoint.ConnectionString};EntityPath={hub.Name}
                Stop with Ctrl-C.
                """);
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return 0;
    }

    private static void Within(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        int value = result.GetValueOrDefault<int>();
        if (value < least || value > most)
        {
            result.AddError($"{option.Name} must be {least} to {most}, got {value}.");
        }
    });

    private static string[] Names(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
