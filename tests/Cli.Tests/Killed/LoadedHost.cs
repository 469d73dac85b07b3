using System.Text.Json;
using Foretell.Cli.Tests.Support;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Cli.Tests.Killed;

/// <summary>foretell run under load, one process after the other on the same data folder, each killed at a moment that nobody
/// chose.</summary>
internal sealed class LoadedHost : IDisposable
{
    private const int Senders = 4;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly Random _random;
    private readonly Sender[] _senders;

    /// <param name="seed">What is sent, and when a kill comes, follows from it.</param>
    /// <param name="values">Whether the model reads values, and senders send some.</param>
    public LoadedHost(int seed, bool values = false)
    {
        _random = new Random(seed);
        _model = Workload.Model(_folder, values: values);
        ForecastModel model = ForecastModel.Load(_model);
        _senders = [.. Enumerable.Range(0, Senders).Select(s => new Sender(s, _random.Next(), model))];
        // Its own name is durable, as that of a folder which somebody made earlier.
        Directory.CreateDirectory(_folder.At("data"));
        Disk = new JournaledFolder(_folder.At("data"), _folder.At("journals"));
    }

    /// <summary>The data folder, for hosts that are started with a journal.</summary>
    public JournaledFolder Disk { get; }

    /// <summary>Events that were acknowledged.</summary>
    public long Acknowledged => _senders.Sum(s => s.Acknowledged);

    /// <summary>Digest over all streams, as it was when everything was asked last.</summary>
    public string Digest { get; private set; } = "";

    public void Dispose() => _folder.Dispose();

    /// <summary>Starts a host, asks it everything, and kills it while all senders send.</summary>
    /// <param name="variables">Environment of the process.</param>
    public async Task LiveAsync(IEnumerable<(string Name, string Value)> variables)
    {
        await using ForetellProcess host = Start(variables);
        using var client = new HttpClient { BaseAddress = new Uri(await host.ListeningAsync()) };
        Assert.Empty(await AskAsync(client));
        Task[] sending = [.. _senders.Select(s => s.SendUntilItIsGoneAsync(client))];
        await Task.Delay(_random.Next(600));
        await host.KillAsync();
        await Task.WhenAll(sending);
    }

    /// <summary>Starts a host and kills it at any moment of its start.</summary>
    /// <param name="variables">Environment of the process.</param>
    public async Task BeginAsync(IEnumerable<(string Name, string Value)> variables)
    {
        await using ForetellProcess host = Start(variables);
        await Task.WhenAny(host.ListeningAsync(), Task.Delay(_random.Next(100, 1500)));
        await host.KillAsync();
    }

    /// <summary>Starts a host, asks it everything, and ends it in peace.</summary>
    /// <param name="variables">Environment of the process.</param>
    /// <param name="batches">Batches that each sender sends in between.</param>
    /// <returns>What was wrong; empty where nothing was.</returns>
    public async Task<IReadOnlyList<string>> EndAsync(IEnumerable<(string Name, string Value)> variables, int batches = 0)
    {
        await using ForetellProcess host = Start(variables);
        using var client = new HttpClient { BaseAddress = new Uri(await host.ListeningAsync()) };
        IReadOnlyList<string> wrong = await AskAsync(client);
        await Task.WhenAll(_senders.Select(s => s.SendAsync(client, batches)));
        Assert.Equal(0, (await host.InterruptAsync()).ExitCode);
        return wrong;
    }

    private ForetellProcess Start(IEnumerable<(string Name, string Value)> variables) => ForetellProcess.StartHost(_folder, variables,
        "--data-dir", _folder.At("data"), "--model", _model, "--partitions", "3");

    /// <summary>Everything acknowledged is there once, and the states are those of a host that nobody disturbed.</summary>
    private async Task<IReadOnlyList<string>> AskAsync(HttpClient http)
    {
        using var client = new HostClient(http.BaseAddress!);
        long accepted = (await client.GetAsync("v1/status")).GetProperty("eventsAccepted").GetInt64();
        long pending = _senders.Sum(s => s.Pending);
        if (accepted < Acknowledged || accepted > Acknowledged + pending)
        {
            return [$"{Acknowledged} events were acknowledged and {pending} more sent; {accepted} are in the log."];
        }
        await Task.WhenAll(_senders.Select(s => s.RepeatAllAsync(http)));
        JsonElement status = await client.StatusAsync(s =>
            s.GetProperty("eventsApplied").GetInt64() + s.GetProperty("deadLetters").GetInt64() >= Acknowledged);
        var wrong = new List<string>();
        void Compare(string what, object expected, object got)
        {
            if (!expected.Equals(got))
            {
                wrong.Add($"{what}: expected {expected}, got {got}.");
            }
        }
        Compare("events in the log", Acknowledged, status.GetProperty("eventsAccepted").GetInt64());
        Compare("dead letters", (long)_senders.Sum(s => s.Reference.DeadLetters.Count), status.GetProperty("deadLetters").GetInt64());
        var expected = _senders.SelectMany(s => s.Reference.Streams.Select(k => (Stream: k, s.Reference)))
            .ToDictionary(s => s.Stream, s => (s.Reference.Count(s.Stream), s.Reference.Digest(s.Stream)));
        Dictionary<string, (long, string)> found = await client.StreamsAsync(expected.Keys);
        foreach ((string stream, (long, string) state) in expected)
        {
            Compare($"stream {stream}", state, found[stream]);
        }
        Compare("digest", HostClient.DigestOf(expected), Digest = HostClient.DigestOf(found));
        return wrong;
    }
}
