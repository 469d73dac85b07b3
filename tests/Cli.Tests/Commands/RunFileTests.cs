using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Cli.Shell;
using Foretell.Cli.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --file F --exit, as a process.</summary>
public sealed partial class RunFileTests : IDisposable
{
    private const int Streams = 60;
    private const int Events = 6000;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;
    private readonly string _model;

    public RunFileTests() => (_file, _model) = (Workload.Events(_folder, Streams, Events), Workload.Model(_folder));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Digest_WhenThreadsAndPartitionsDiffer_IsTheSame()
    {
        var digests = new HashSet<string>();
        foreach ((int threads, int partitions) in new[] { (1, 1), (2, 1), (1, 8), (2, 8) })
        {
            JsonElement summary =
                await FeedAsync($"data-{threads}-{partitions}", "--threads", $"{threads}", "--partitions", $"{partitions}");
            Assert.Equal(Events, summary.GetProperty("events").GetInt64());
            Assert.Equal(Streams, summary.GetProperty("streams").GetInt64());
            Assert.Equal(0, summary.GetProperty("deadLetters").GetInt64());
            Assert.True(summary.GetProperty("eventsPerSecond").GetDouble() > 0);
            Assert.True(summary.GetProperty("cpuSeconds").GetDouble() > 0);
            digests.Add(summary.GetProperty("digest").GetString()!);
        }
        Assert.Matches(Sha256(), Assert.Single(digests));
    }

    /// <summary>The demo's model of the releases before, and today's: what either makes of its input may never change.</summary>
    [Theory]
    [InlineData("Releases/demo-1.safetensors", "628fca066fafdd9e4d22cb2a9660ffd60c5b703929b04774f6f36f8910d5d0b4")]
    [InlineData("Models/demo.safetensors", "a0eb36944272eb50323c4a53cfd1119f7407a81077e6386e7bbb7970f4aeaf6a")]
    public async Task Digest_WhenADemosModelReadsRealTrips_IsThatOfTheReleasesBefore(string model, string digest)
    {
        string trips = SharedData.PathOf("taxi/dev.jsonl");

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo",
            "--model", Path.Combine(AppContext.BaseDirectory, model), "--data-dir", "trips", "--file", trips, "--exit", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement summary = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal((7404, 200, 0, digest),
            (summary.GetProperty("events").GetInt32(), summary.GetProperty("streams").GetInt32(), summary.GetProperty("deadLetters").GetInt32(),
                summary.GetProperty("digest").GetString()));
    }

    [Fact]
    public async Task Digest_WhenTheProcessorsVectorsAreNarrower_IsTheSame()
    {
        // The runtime's own switches hide instruction sets from a process: 512-bit vectors, then all above 128 bits.
        // Without the last one there is no fused multiply-add either, and the runtime computes it in software.
        string expected = (await FeedAsync("data")).GetProperty("digest").GetString()!;
        foreach (string hidden in new[] { "DOTNET_EnableAVX512", "DOTNET_EnableAVX2" })
        {
            ProcessResult result = await ForetellProcess.RunWithAsync(_folder.Path, (hidden, "0"),
                "run", "--data-dir", $"data-{hidden}", "--model", _model, "--file", _file, "--exit", "--json");
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.Equal(expected, JsonDocument.Parse(result.Output).RootElement.GetProperty("digest").GetString());
        }
    }

    [Fact]
    public async Task Feed_WhenRepeatedOnTheSameFolder_AppendsNothingAndKeepsTheDigest()
    {
        JsonElement first = await FeedAsync("data");
        JsonElement again = await FeedAsync("data");

        Assert.Equal(first.GetProperty("digest").GetString(), again.GetProperty("digest").GetString());
        Assert.Equal(first.GetProperty("events").GetInt64(), again.GetProperty("events").GetInt64());
        Assert.Equal(0, again.GetProperty("deadLetters").GetInt64());
        Assert.Equal(0, again.GetProperty("eventsPerSecond").GetDouble());
    }

    [Fact]
    public async Task Digest_WhenComputedFromTheApisAnswers_IsTheOnePrinted()
    {
        JsonElement summary = await FeedAsync("data");
        (ForetellProcess host, Uri url) = await ForetellProcess.StartHostAsync(_folder, "--data-dir", "data");
        await using ForetellProcess running = host;
        using var client = new HostClient(url);

        var streams = await client.StreamsAsync(Counts(_file).Keys);

        Assert.Equal(summary.GetProperty("digest").GetString(), HostClient.DigestOf(streams));
        Assert.Equal(Counts(_file), streams.ToDictionary(s => s.Key, s => s.Value.Events));
    }

    [Theory]
    [InlineData(12, 1)]
    [InlineData(1000, 2)]
    public async Task Feed_WhenTheFileIsNewestFirst_SaysHowManyAreLostAndWhatToDo(int eventsOfEach, int sentences)
    {
        const int streams = 20;
        long start = DateTimeOffset.Parse("2026-01-01T00:00:00Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        await File.WriteAllLinesAsync(_folder.At("newest-first.ndjson"), Enumerable.Range(0, streams * eventsOfEach).Reverse()
            .Select(i => $$"""{"stream":"s{{i % streams}}","time":{{start + 60 * i}}}"""));

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            "run", "--data-dir", "data", "--model", _model, "--file", "newest-first.ndjson", "--exit", "--json");

        Assert.Equal(ExitCode.DeadLetters, result.ExitCode);
        JsonElement summary = JsonDocument.Parse(result.Output).RootElement;
        long lost = streams * (eventsOfEach - 1);
        Assert.Equal((streams, lost), (summary.GetProperty("events").GetInt64(), summary.GetProperty("deadLetters").GetInt64()));
        // The larger file has several appends: it is warned of before its end.
        string[] lines = result.Error.TrimEnd().Split('\n');
        Assert.Equal(sentences, lines.Length);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"error: {lost:N0} of {streams * eventsOfEach:N0} events became dead letters."), lines[^1]);
        Assert.All(lines, line => Assert.Contains("s before its stream's latest event; at most 5 s are allowed. A stream's events have to come in their order: begin anew with an empty data folder or cluster, since what was applied stays, and feed the file with --sort", line));
        Assert.All(lines[..^1], line => Assert.StartsWith("warning: ", line));
    }

    [Fact]
    public async Task Feed_WhenItsTimesLieAhead_SaysWhatToCheck()
    {
        long ahead = DateTimeOffset.UtcNow.AddDays(3).ToUnixTimeSeconds();
        await File.WriteAllLinesAsync(_folder.At("ahead.ndjson"), [$$"""{"stream":"a","time":{{ahead}}}"""]);

        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            "run", "--data-dir", "data", "--model", _model, "--file", "ahead.ndjson", "--exit");

        Assert.Equal(ExitCode.DeadLetters, result.ExitCode);
        Assert.StartsWith("1 of 1 events became dead letters.", result.Sentence);
        Assert.Contains("unit and the zone", result.Sentence);
    }

    [Fact]
    public async Task Feed_WhenNoJsonIsAsked_PrintsATable()
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "run", "--file", _file, "--exit", "--model", _model);

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"events +6,000\b", result.Output);
        Assert.Matches(@"digest +[0-9a-f]{64}\b", result.Output);
        Assert.True(Directory.Exists(_folder.At("foretell-data")), "The default data folder is ./foretell-data.");
    }

    [Fact]
    public async Task Feed_WhenNoModelIsNamedAgain_TakesTheOneKeptWithTheData()
    {
        JsonElement first = await FeedAsync("data");
        File.Delete(_model);

        ProcessResult again =
            await ForetellProcess.RunAsync(_folder.Path, "run", "--data-dir", "data", "--file", _file, "--exit", "--json");

        Assert.Equal(0, again.ExitCode);
        Assert.Equal(first.GetProperty("digest").GetString(), JsonDocument.Parse(again.Output).RootElement.GetProperty("digest")
            .GetString());
    }

    [Fact]
    public async Task Feed_WhenMarksAreNamed_CountsThemWithTheModelThatComesWithTheProgram()
    {
        string[] feed = ["run", "--data-dir", "data", "--file", _file, "--exit", "--json"];
        const string Marks = "view,cart,buy,ok,warn,fault,debit,credit,call,chat,mail";

        ProcessResult first = await ForetellProcess.RunAsync(_folder.Path, [.. feed, "--marks", Marks]);
        ProcessResult again = await ForetellProcess.RunAsync(_folder.Path, [.. feed, "--marks", Marks]);
        ProcessResult others = await ForetellProcess.RunAsync(_folder.Path, [.. feed, "--marks", "view"]);

        JsonElement summary = JsonDocument.Parse(first.Output).RootElement;
        Assert.Equal((Events, 0), (summary.GetProperty("events").GetInt32(), summary.GetProperty("unknownMarks").GetInt32()));
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Equal(2, others.ExitCode);
        Assert.Contains("has its own", others.Error);
    }

    [Fact]
    public async Task Feed_WhenAPolicyBoundsASoftmaxModel_KeepsItWithTheDataAndWarnsOnlyWithoutIt()
    {
        string[] feed = ["run", "--file", _file, "--exit", "--json", "--model", Workload.Model(_folder, mixer: "softmax")];
        ProcessResult growing = await ForetellProcess.RunAsync(_folder.Path, [.. feed, "--data-dir", "growing"]);
        Assert.Contains("grows by", growing.Error);
        ProcessResult bounded =
            await ForetellProcess.RunAsync(_folder.Path, [.. feed, "--data-dir", "bounded", "--mixer", "tova", "--states", "8"]);
        Assert.Equal((0, ""), (bounded.ExitCode, bounded.Error));

        ProcessResult again =
            await ForetellProcess.RunAsync(_folder.Path, "run", "--file", _file, "--exit", "--json", "--data-dir", "bounded");

        string[] digests =
            [.. new[] { growing, bounded, again }.Select(r => JsonDocument.Parse(r.Output).RootElement.GetProperty("digest").GetString()!)];
        Assert.Equal(digests[1], digests[2]);
        Assert.NotEqual(digests[0], digests[1]);
    }

    [Theory]
    [InlineData("aaren", "--states 5", "tova, window, window+i and h2o keep a number of events")]
    [InlineData("aaren", "--mixer tova --states 5", "Train one with 'foretell train --mixer softmax'")]
    [InlineData("softmax", "--mixer tova", "Model states must be 1 to 4096 with mixer tova")]
    [InlineData("softmax", "--mixer window+5 --states 5", "window+i with i below its 5 states")]
    [InlineData("softmax", "--mixer linear", "A model of mixer softmax cannot run as linear")]
    [InlineData("softmax", "--mixer forget --states 5", "got forget")]
    public async Task Feed_WhenModelAndPolicyDoNotGoTogether_SaysWhatDoes(string mixer, string options, string expected)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            ["run", "--file", _file, "--exit", "--model", Workload.Model(_folder, mixer: mixer), .. options.Split(' ')]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
    }

    [Fact]
    public async Task Feed_WhenEventsComeLate_CountsThemAsDeadLettersUnlessTolerated()
    {
        string file = _folder.At("late.ndjson");
        File.WriteAllLines(file,
        [
            """{"stream":"a","time":1000}""",
            """{"stream":"a","time":990}""",
            """{"stream":"a","time":1001}""",
        ]);

        ProcessResult refusing = await ForetellProcess.RunAsync(_folder.Path,
            "run", "--data-dir", "strict", "--model", _model, "--file", file, "--exit", "--json");
        Assert.Equal(ExitCode.DeadLetters, refusing.ExitCode);
        JsonElement strict = JsonDocument.Parse(refusing.Output).RootElement;
        JsonElement tolerant = await FeedFileAsync(file, "tolerant", "--late-tolerance", "10s");

        Assert.Equal((2, 1), (strict.GetProperty("events").GetInt64(), strict.GetProperty("deadLetters").GetInt64()));
        Assert.Equal((3, 0), (tolerant.GetProperty("events").GetInt64(), tolerant.GetProperty("deadLetters").GetInt64()));
    }

    /// <summary>Events of each stream, counted by looking at the file's text.</summary>
    internal static Dictionary<string, long> Counts(string file) =>
        File.ReadLines(file).GroupBy(l => JsonDocument.Parse(l).RootElement.GetProperty("stream").GetString()!)
            .ToDictionary(g => g.Key, g => (long)g.Count());

    private Task<JsonElement> FeedAsync(string data, params string[] arguments) => FeedFileAsync(_file, data, arguments);

    private async Task<JsonElement> FeedFileAsync(string file, string data, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path,
            ["run", "--data-dir", data, "--model", _model, "--file", file, "--exit", "--json", .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256();
}
