using System.Globalization;
using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Support;

/// <summary>foretell run, fed by a broker and killed meanwhile.</summary>
/// <param name="folder">Where its data folder and files are.</param>
/// <param name="model">The model's file.</param>
/// <param name="broker">The option that names the broker, and its value.</param>
internal sealed class KilledHost(TemporaryFolder folder, string model, params string[] broker)
{
    /// <summary>Feeds events, kills the host at random moments, and asserts that it took each of them once: its states are those of the
    /// same events in a file.</summary>
    /// <param name="seed">Of the moments.</param>
    /// <param name="send">Sends events to the broker, those of a stream in order.</param>
    /// <param name="sent">Told when all that go before a kill are sent; null for none.</param>
    public async Task AssertTakesEachOnceAsync(int seed, Func<string[], Task> send, Func<Random, Task>? sent = null)
    {
        // FORETELL_KILLS=20 is the long form.
        int kills = int.Parse(Environment.GetEnvironmentVariable("FORETELL_KILLS") ?? "3", CultureInfo.InvariantCulture);
        string file = Workload.Events(folder, streams: 200, events: 60_000);
        ProcessResult undisturbed = await ForetellProcess.RunAsync(folder.Path,
            "run", "--data-dir", "undisturbed", "--model", model, "--partitions", "3", "--file", file, "--exit", "--json");
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);
        string[] events = File.ReadAllLines(file);
        var random = new Random(seed);
        int begun = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            (ForetellProcess host, Uri url) = await StartAsync();
            await using (host)
            {
                using var doomed = new HostClient(url);
                long before = (await doomed.GetAsync("v1/status")).GetProperty("eventsAccepted").GetInt64();
                int most = events.Length * (kill + 1) / (kills + 1);
                await send(events[begun..most]);
                begun = most;
                await (sent?.Invoke(random) ?? Task.CompletedTask);
                long until = before + 1 + random.NextInt64(Math.Max(1, most - before - 1));
                await doomed.StatusAsync(s => s.GetProperty("eventsAccepted").GetInt64() >= until);
                await host.KillAsync();
            }
        }
        (ForetellProcess last, Uri address) = await StartAsync();
        await using ForetellProcess running = last;
        await send(events[begun..]);
        using var client = new HostClient(address);
        JsonElement status = await client.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() + s.GetProperty("deadLetters").GetInt64() >= events.Length);

        Assert.Equal(events.Length, status.GetProperty("eventsAccepted").GetInt64());
        var streams = await client.StreamsAsync(Commands.RunFileTests.Counts(file).Keys);
        Assert.Equal(JsonDocument.Parse(undisturbed.Output).RootElement.GetProperty("digest").GetString(), HostClient.DigestOf(streams));
    }

    /// <summary>Starts it, on the data folder of the one before.</summary>
    public Task<(ForetellProcess Host, Uri Url)> StartAsync() => ForetellProcess.StartHostAsync(folder,
        ["--data-dir", "fed", "--model", model, "--partitions", "3", .. broker]);
}
