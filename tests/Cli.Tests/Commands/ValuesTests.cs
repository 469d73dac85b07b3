using System.Globalization;
using System.Text;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>From events with values and labels to a model, to its scores, and to a host that forecasts them, as processes.</summary>
public sealed class ValuesTests : IDisposable
{
    private const int Seed = 20267;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_WhenEventsHaveValuesAndLabels_WritesAModelThatTellsThem()
    {
        Write("train.jsonl", streams: 60, Seed);
        Write("test.jsonl", streams: 20, Seed + 1);

        ProcessResult trained = await RunAsync("train", "--train", "train.jsonl", "--dev", "test.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2");
        Assert.Matches(@"values +amount \(as a logarithm\), temp", trained.Output);
        Assert.Matches(@"kinds of stream +(bot, human|human, bot)", trained.Output);
        JsonElement report = Json(await RunAsync("train", "--train", "train.jsonl", "--dev", "test.jsonl", "--out", "n.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "1", "--json"));
        Assert.Equal(["amount", "temp"], Texts(report.GetProperty("values")));
        Assert.Equal(["bot", "human"], Texts(report.GetProperty("labels")).Order());

        string[] eval = ["eval", "--model", "m.safetensors", "--test", "test.jsonl"];
        JsonElement scores = Json(await RunAsync([.. eval, "--json"]));
        double joint = new[] { "nllTime", "nllMark", "nllValue" }.Sum(name => scores.GetProperty(name).GetDouble());
        Assert.Equal(joint, scores.GetProperty("nll").GetDouble(), 1e-9);
        JsonElement[] values = [.. scores.GetProperty("values").EnumerateArray()], labels = [.. scores.GetProperty("labels").EnumerateArray()];
        Assert.Equal(["amount", "temp"], values.Select(v => v.GetProperty("name").GetString()));
        Assert.Equal([true, false], values.Select(v => v.GetProperty("isLog").GetBoolean()));
        Assert.All(values, v => Assert.InRange(v.GetProperty("coverage80").GetDouble(), 0.5, 1));
        Assert.All(labels, l => Assert.InRange(l.GetProperty("accuracy").GetDouble(), 0, 1));
        Assert.Equal(["1", "2", "4", "8", ""], labels.Select(l => l.GetProperty("after").ToString()));

        string table = (await RunAsync(eval)).Output;
        Assert.Matches($@"values +{scores.GetProperty("nllValue").GetDouble().ToString("0.0000", CultureInfo.InvariantCulture)} nats an event", table);
        Assert.Matches(@"ln amount +\d", table);
        Assert.Contains("kind of stream", table);
        Assert.Contains("after 1 event", table);
        Assert.Contains("after all events", table);

        await AssertQueriesAsync();
    }

    /// <summary>What eval has no figures of has no table either.</summary>
    [Fact]
    public async Task Train_WhenEventsHaveNeither_SaysSo()
    {
        File.WriteAllText(_folder.At("plain.jsonl"), string.Concat(Enumerable.Range(0, 40).Select(s =>
            $$"""{"id":"s{{s}}","t":[{{string.Join(',', Enumerable.Range(0, 12).Select(i => s + (i * i)))}}]}""" + "\n")));

        ProcessResult trained = await RunAsync("train", "--train", "plain.jsonl", "--dev", "plain.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "1");
        ProcessResult scores = await RunAsync("eval", "--model", "m.safetensors", "--test", "plain.jsonl");

        Assert.Matches(@"values +none", trained.Output);
        Assert.Matches(@"kinds of stream +none", trained.Output);
        Assert.DoesNotContain("kind of stream", scores.Output);
        Assert.DoesNotContain("values,", scores.Output);
    }

    private async Task AssertQueriesAsync()
    {
        (ForetellProcess host, Uri url) =
            await ForetellProcess.StartHostAsync(_folder, "--model", _folder.At("m.safetensors"), "--file", _folder.At("test.jsonl"));
        await using (host)
        {
            string[] query = ["query", "s0", "--horizon", "1h", "--at", "2001-01-01T00:00:00Z", "--url", url.ToString()];
            JsonElement forecast = Json(await RunAsync([.. query, "--json"]));
            string shown = (await RunAsync(query)).Output;

            Assert.Equal(["amount", "temp"], forecast.GetProperty("values").EnumerateArray().Select(v => v.GetProperty("name").GetString()));
            Assert.Equal(["amount", "temp"], forecast.GetProperty("sums").EnumerateArray().Select(v => v.GetProperty("name").GetString()));
            Assert.Equal(2, forecast.GetProperty("label").GetArrayLength());
            Assert.Matches(@"next event's values +there +mean +0\.05", shown);
            Assert.Matches(@"sum in (1 h|60 min) +mean +0\.05", shown);
            Assert.Matches(@"kind of stream +probability", shown);
            Assert.Matches(@"(human|bot) +\d+\.\d %", shown);
            // The labels of the file came behind their streams' events, and were scored.
            using var http = new HttpClient { BaseAddress = url };
            JsonElement status = JsonDocument.Parse(await http.GetStringAsync("v1/status")).RootElement;
            Assert.Equal(20, status.GetProperty("scores").GetProperty("labels").GetProperty("count").GetInt32());
        }
    }

    /// <summary>Streams of two kinds, which differ by their pace and by their amounts.</summary>
    private void Write(string name, int streams, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int s = 0; s < streams; s++)
        {
            bool isBot = s % 2 == 0;
            double t = 0;
            const int Events = 12;
            double[] times = [.. Enumerable.Range(0, Events).Select(_ => t += -Math.Log(1 - random.NextDouble()) * (isBot ? 10 : 100))];
            double level = Math.Exp(3 + random.NextDouble());
            object?[] amounts = [.. times.Select(_ => random.Next(5) == 0 ? (object?)null : level * Math.Exp(2 * random.NextDouble() - 1))];
            object?[] temps = [.. times.Select(_ => (object?)(10 * random.NextDouble() - 5))];
            text.Append(JsonSerializer.Serialize(new
            {
                id = $"s{s}",
                t = times,
                k = times.Select(_ => random.Next(2)),
                v = new Dictionary<string, object?[]> { ["amount"] = amounts, ["temp"] = temps },
                label = isBot ? "bot" : "human",
            })).Append('\n');
        }
        File.WriteAllText(_folder.At(name), text.ToString());
    }

    private static JsonElement Json(ProcessResult result) => JsonDocument.Parse(result.Output).RootElement;

    private static IEnumerable<string?> Texts(JsonElement array) => array.EnumerateArray().Select(e => e.GetString());

    private async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
