using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;

namespace Foretell.FakeHub;

/// <summary>The endpoint as a program: hubs on a port, until Ctrl-C.</summary>
public static class CommandLine
{
    private const int Failure = 1, WrongUsage = 2, MostPartitions = 1024;

    /// <param name="stop">Stops it as Ctrl-C does.</param>
    /// <returns>The process's exit code: 0, 1 after a failure, 2 for wrong arguments.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken stop = default)
    {
        ParseResult parsed = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            await error.WriteLineAsync($"fakehub: {parsed.Errors[0].Message} See --help.");
            return WrongUsage;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, stop);
    }

    private static RootCommand Create()
    {
        Option<int> port = Whole("--port", "Port on 127.0.0.1; 0 takes a free one.", 0, ushort.MaxValue, 5672);
        Option<int> partitions = Whole("--partitions", "Number of partitions of each hub.", 1, MostPartitions, 4);
        Option<string[]> hubs = Names("--hub", "Name of the hub; several, separated by commas, are served side by side.", ["events"]);
        Option<string[]> groups = Names("--consumer-groups", $"Consumer groups beside {Hub.DefaultConsumerGroup}, separated by commas.", []);
        var root = new RootCommand("An Event Hubs endpoint in memory, for tests and to try things out. It forgets all when it stops.")
        {
            port, hubs, partitions, groups,
        };
        root.SetAction((parsed, stop) => ServeAsync(
            [.. parsed.GetValue(hubs)!.Select(name => new Hub(name, parsed.GetValue(partitions), parsed.GetValue(groups)))],
            parsed.GetValue(port), parsed.InvocationConfiguration, stop));
        return root;
    }

    private static async Task<int> ServeAsync(Hub[] hubs, int port, InvocationConfiguration console, CancellationToken stop)
    {
        HubEndpoint endpoint;
        try
        {
            endpoint = HubEndpoint.Start(hubs, new HubEndpointOptions { Port = port });
        }
        catch (SocketException failure)
        {
            await console.Error.WriteLineAsync($"fakehub: Port {port} cannot be had: {failure.Message}. Choose another with --port.");
            return Failure;
        }
        await using (endpoint)
        {
            foreach (Hub hub in hubs)
            {
                await console.Output.WriteLineAsync($"Hub '{hub.Name}': {hub.Partitions.Count} partitions, consumer groups "
                    + $"{string.Join(", ", hub.ConsumerGroups)}; connect with");
                await console.Output.WriteLineAsync($"{endpoint.ConnectionString};EntityPath={hub.Name}");
            }
            await console.Output.WriteLineAsync("Stop with Ctrl-C.");
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return 0;
    }

    private static Option<int> Whole(string name, string description, int least, int most, int otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < least || value > most)
            {
                argument.AddError($"{name} must be a whole number from {least} to {most}, got '{text}'.");
            }
            return value;
        },
    };

    private static Option<string[]> Names(string name, string description, string[] otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = argument =>
        {
            string[] names = argument.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
            if (names.Contains("") || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < names.Length)
            {
                argument.AddError($"{name} must be names that differ, separated by commas, got '{argument.Tokens[0].Value}'.");
            }
            return names;
        },
    };
}
