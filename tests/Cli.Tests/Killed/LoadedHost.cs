using System.Text.Json;
using Foretell.Cli.Tests.Support;
using Foretell.Models.Monitoring;
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
    private readonly int _valueCount;
    private readonly Sender[] _senders;

    /// <param name="seed">What is sent, and when a kill comes, follows from it.</param>
    /// <param name="values">Whether the model reads values and tells kinds of streams apart, and senders send some and their labels.</param>
    public LoadedHost(int seed, bool values = false)
    {
        _random = new Random(seed);
        _model = Workload.Model(_folder, values: values);
        ForecastModel model = ForecastModel.Load(_model);
        _valueCount = model.ValueCount;
        _senders = [.. Enumerable.Range(0, Senders).Select(s => new Sender(s, _random.Next(), model))];
        // Its own name is durable, as that of a folder which somebody made earlier.
        Directory.CreateDirectory(_folder.At("data"));
        Disk = new JournaledFolder(_folder.At("data"), _folder.At("journals"));
    }

    /// <summary>The data folder, for hosts that are started with a journal.</summary>
    public JournaledFolder Disk { get; }

    /// <summary>Events that were acknowledged.</summary>
    public long Acknowledged => _senders.Sum(s => s.Acknowledged);

    /// <summary>Labels that were sent of kinds that the model knows, for streams that have had events.</summary>
    public long Labels => _senders.Sum(s => s.Reference.Labels.Count);

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

    /// <summary>Starts a host without what the ones before it made of the log: it applies and scores every record anew, and is asked
    /// everything.</summary>
    /// <returns>What was wrong; empty where nothing was.</returns>
    public async Task<IReadOnlyList<string>> RebuildAsync()
    {
        foreach (string file in Directory.GetFiles(_folder.At("data"), "shard-*"))
        {
            File.Delete(file);
        }
        await using ForetellProcess host = Start([]);
        using var client = new HttpClient { BaseAddress = new Uri(await host.ListeningAsync()) };
        IReadOnlyList<string> wrong = await AskAsync(client, scoredByThisProcess: true);
        Assert.Equal(0, (await host.InterruptAsync()).ExitCode);
        return wrong;
    }

    private ForetellProcess Start(IEnumerable<(string Name, string Value)> variables) => ForetellProcess.StartHost(_folder, variables,
        "--data-dir", _folder.At("data"), "--model", _model, "--partitions", "3");

    /// <summary>Everything acknowledged is there once, and the states are those of a host that nobody disturbed.</summary>
    /// <param name="http">The host.</param>
    /// <param name="scoredByThisProcess">Whether its process scored all that is in the log, so that its means are over all of it.</param>
    private async Task<IReadOnlyList<string>> AskAsync(HttpClient http, bool scoredByThisProcess = false)
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
        Compare("applied events and labels", _senders.Sum(s => s.Reference.Applied), status.GetProperty("eventsApplied").GetInt64());
        Compare("dead letters", (long)_senders.Sum(s => s.Reference.DeadLetters.Count), status.GetProperty("deadLetters").GetInt64());
        var expected = _senders.SelectMany(s => s.Reference.Streams.Select(k => (Stream: k, s.Reference)))
            .ToDictionary(s => s.Stream, s => (s.Reference.Count(s.Stream), s.Reference.Digest(s.Stream)));
        Dictionary<string, (long, string)> found = await client.StreamsAsync(expected.Keys);
        foreach ((string stream, (long, string) state) in expected)
        {
            Compare($"stream {stream}", state, found[stream]);
        }
        var calibration = new Calibration();
        Array.ForEach(_senders, s => calibration.Add(s.Reference.Calibration));
        JsonElement counts = await client.GetAsync($"v1/models/{status.GetProperty("model").GetString()}/calibration");
        Compare("values in the calibration", _valueCount, counts.GetProperty("values").GetArrayLength());
        Compare("calibration of gaps", string.Join(',', calibration.Pit.ToArray()), Pit(counts));
        foreach ((int value, JsonElement count) in counts.GetProperty("values").EnumerateArray().Index())
        {
            Compare($"calibration of value {value}", string.Join(',', calibration.ValuePit(value).ToArray()), Pit(count));
        }
        if (scoredByThisProcess)
        {
            JsonElement labels = status.GetProperty("scores").GetProperty("labels");
            Compare("scored labels", Labels, labels.GetProperty("count").GetInt64());
            Compare("likeliest kinds", _senders.Sum(s => s.Reference.Labels.Hits) / Labels, labels.GetProperty("accuracy").GetDouble());
            double loss = -_senders.Sum(s => s.Reference.Labels.Log) / Labels;
            Assert.Equal(loss, labels.GetProperty("logLoss").GetDouble(), 1e-9 * loss);
        }
        Compare("digest", HostClient.DigestOf(expected), Digest = HostClient.DigestOf(found));
        return wrong;

        static string Pit(JsonElement counts) => string.Join(',', counts.GetProperty("pit").EnumerateArray());
    }
}
