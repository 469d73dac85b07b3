using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Engine.Events;
using Foretell.FakeHub;
using Foretell.Hosting;
using Foretell.Ingest.Replay;
using Foretell.Models.Network;

namespace Foretell.Bench;

/// <summary>A million events from a hub and over HTTP, each into a host process of its own: what they cost there (Linux).</summary>
internal static class SourceBench
{
    private const int Partitions = 32, Streams = 20_000, Rounds = 3;
    private const long Events = 1_000_000;
    private const double Goal = 1.5;

    public static async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("foretell-bench").FullName;
        try
        {
            string model = Path.Combine(folder, "model.safetensors"), file = Path.Combine(folder, "events.ndjson");
            ForecastModel.Untrained(StepBench.Config(64, 2), 1).Save(model);
            var hub = new Hub("events", Partitions);
            await using HubEndpoint endpoint = HubEndpoint.Start(hub);
            await using (StreamWriter writer = File.CreateText(file))
            {
                for (long i = 0; i < Events; i++)
                {
                    string stream = string.Create(CultureInfo.InvariantCulture, $"device-{i * 7919 % Streams:D6}");
                    string json = string.Create(CultureInfo.InvariantCulture,
                        $"{{\"stream\":\"{stream}\",\"time\":{1_700_000_000 + i / 100.0:0.00},\"mark\":\"a\",\"id\":\"{i:D12}\"}}");
                    hub.Append(new HubMessage(json), stream);
                    await writer.WriteLineAsync(json);
                }
            }
            string connection = Path.Combine(folder, "connection");
            await File.WriteAllTextAsync(connection, endpoint.ConnectionString + ";EntityPath=events");
            for (int round = 0; round < Rounds; round++)
            {
                double http = await TakeAsync("HTTP", Path.Combine(folder, $"http-{round}"), model, async host =>
                {
                    using var client = new HttpClient();
                    await new ReplayClient(client, host.Url).RunAsync(file, new ReplayOptions { Speed = null });
                });
                double source = await TakeAsync("hub", Path.Combine(folder, $"hub-{round}"), model, _ => Task.CompletedTask,
                    "--event-hub", $"@{connection}");
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio {source / http:0.00} (goal at most {Goal})"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>Processor seconds of the host.</returns>
    private static async Task<double> TakeAsync(string name, string directory, string model, Func<HostProcess, Task> send,
        params string[] arguments)
    {
        await using HostProcess host = await HostProcess.StartAsync(directory, model, arguments);
        await send(host);
        using var api = new ApiClient(host.Url, null);
        while (await api.FindStatusAsync(null, CancellationToken.None) is not { } status || status.EventsApplied < Events)
        {
            await Task.Delay(50);
        }
        double seconds = host.ProcessorSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-5} {Events / seconds,10:N0} events a processor second, {1e6 * seconds / Events:0.00} us an event, peak {host.PeakBytes / (1 << 20)} MiB"));
        Directory.Delete(directory, recursive: true);
        return seconds;
    }
}
