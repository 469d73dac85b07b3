using System.Globalization;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>From events to a model to its scores, as processes.</summary>
public sealed class TrainAndEvalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_WhenGivenSimulatedEvents_WritesAModelThatEvalAndRunTake()
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 60, events: 3000);
        await SimulateAsync("test.jsonl", seed: 2, streams: 20, events: 1000);

        ProcessResult trained = await RunAsync("train", "--train", "train.jsonl", "--dev", "test.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2");
        Assert.Matches(@"epoch 2, step \d+ of \d+: train NLL -?\d+\.\d+, dev NLL", trained.Output);
        Assert.Contains("best dev NLL", trained.Output);

        JsonElement scores =
            JsonDocument.Parse((await RunAsync("eval", "--model", "m.safetensors", "--test", "test.jsonl", "--json")).Output).RootElement;
        Assert.Equal(
            ["sequences", "events", "nll", "nllTime", "nllMark", "accuracy", "accuracyGivenGap", "rmse", "pitKs", "stateBytesPerStream",
                "unknownMarks", "unknownMarkExamples", "errors", "asTrained", "baselines", "remarks"],
            scores.EnumerateObject().Select(p => p.Name));
        Assert.Equal((20, 980), (scores.GetProperty("sequences").GetInt32(), scores.GetProperty("events").GetInt32()));
        Assert.Equal(scores.GetProperty("nll").GetDouble(), scores.GetProperty("nllTime").GetDouble() + scores.GetProperty("nllMark")
            .GetDouble(), 9);
        JsonElement baselines = scores.GetProperty("baselines"), errors = scores.GetProperty("errors");
        Assert.Equal(["exponential", "logNormalMixture", "running", "markov"], baselines.EnumerateObject().Select(p => p.Name));
        Assert.True(double.IsFinite(baselines.GetProperty("running").GetProperty("nllTime").GetDouble()));
        // The median's absolute error is at least the whole distribution's, and intervals hold about what they say.
        Assert.InRange(errors.GetProperty("crps").GetDouble(), 0, errors.GetProperty("mae").GetDouble());
        Assert.InRange(errors.GetProperty("coverage50").GetDouble(), 0.35, 0.65);
        Assert.InRange(errors.GetProperty("coverage80").GetDouble(), 0.65, 0.95);
        Assert.InRange(errors.GetProperty("coverage95").GetDouble(), 0.85, 1);

        ProcessResult table = await RunAsync("eval", "--model", "m.safetensors", "--test", "test.jsonl");
        Assert.Contains("CRPS", table.Output);
        Assert.Contains("980 predicted in 20 sequences", table.Output);

        _folder.Write("first.jsonl", "{\"id\":\"a\",\"t\":[1,2,4],\"k\":[0,0,0]}\n{\"id\":\"gone\",\"t\":[1],\"k\":[0]}\n");
        _folder.Write("second.jsonl", "{\"id\":\"a\",\"t\":[8,9],\"k\":[0,0]}\n");
        ProcessResult behind = await RunAsync("eval", "--model", "m.safetensors", "--past", "first.jsonl", "--test", "second.jsonl");
        Assert.Contains("2 predicted in 1 sequence, behind 3 events of their past", behind.Output);

        ProcessResult fed = await RunAsync("run", "--model", "m.safetensors", "--file", "test.jsonl", "--exit", "--json");
        Assert.Equal(1000, JsonDocument.Parse(fed.Output).RootElement.GetProperty("events").GetInt64());
    }

    [Fact]
    public async Task Train_WhereAdaptingCostsOnDev_SaysSoAndForecastsAsTrained()
    {
        // Nearly everything happens at six in the morning there: a forecast that moves along ln gap leaves the days.
        string machines = SharedData.PathOf("settings/pdm/train.jsonl");
        await SimulateAsync("steady.jsonl", seed: 1, streams: 30, events: 900);
        string[] small = ["--width", "16", "--layers", "1", "--heads", "2", "--out", "m.safetensors"];

        JsonElement costly = JsonDocument.Parse((await RunAsync(["train", "--data", machines, "--time-unit", "days", .. small, "--json"])).Output).RootElement;
        string shown = (await RunAsync(["train", "--data", machines, "--time-unit", "days", .. small])).Output;
        JsonElement scores = JsonDocument.Parse((await RunAsync("eval", "--model", "m.safetensors", "--test", machines, "--json")).Output).RootElement;
        JsonElement steady = JsonDocument.Parse((await RunAsync(["train", "--data", "steady.jsonl", .. small, "--epochs", "2", "--json"])).Output).RootElement;
        JsonElement without = JsonDocument.Parse((await RunAsync(["train", "--data", "steady.jsonl", .. small, "--epochs", "1", "--no-adapt", "--json"])).Output)
            .RootElement;

        Assert.False(costly.GetProperty("adapts").GetBoolean());
        Assert.InRange(costly.GetProperty("adaptationCost").GetDouble(), 0.01, 1);
        Assert.Contains("no: it costs 0.", shown);
        Assert.False(scores.TryGetProperty("asTrained", out _));
        Assert.True(steady.GetProperty("adapts").GetBoolean());
        Assert.InRange(steady.GetProperty("adaptationCost").GetDouble(), -1, 0.01);
        Assert.False(without.GetProperty("adapts").GetBoolean());
        Assert.Equal(JsonValueKind.Null, without.TryGetProperty("adaptationCost", out JsonElement cost) ? cost.ValueKind : JsonValueKind.Null);
    }

    [Fact]
    public async Task Eval_WhenAskedWhetherMarksComeWithinATime_ScoresTheAnswers()
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 30, events: 900);
        await SimulateAsync("test.jsonl", seed: 2, streams: 10, events: 300);
        await RunAsync("train", "--train", "train.jsonl", "--dev", "train.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "1");
        string[] eval = ["eval", "--model", "m.safetensors", "--test", "test.jsonl"];
        JsonElement plain = JsonDocument.Parse((await RunAsync([.. eval, "--json"])).Output).RootElement;

        JsonElement json = JsonDocument.Parse((await RunAsync([.. eval, "--within", "1m", "--every", "30s", "--json"])).Output).RootElement;
        JsonElement within = json.GetProperty("within");
        Assert.Equal((60, 30), (within.GetProperty("horizon").GetDouble(), within.GetProperty("every").GetDouble()));
        JsonElement all = within.GetProperty("model").EnumerateArray().Last(), rate = within.GetProperty("ownRate").EnumerateArray().Last();
        Assert.Equal(all.GetProperty("came").GetInt64(), rate.GetProperty("came").GetInt64());
        Assert.InRange(all.GetProperty("auc").GetDouble(), 0.4, 1);
        Assert.Equal(plain.GetProperty("nll").GetDouble(), json.GetProperty("nll").GetDouble());

        string table = (await RunAsync([.. eval, "--within", "1m", "--every", "5m"])).Output;
        foreach (string part in new[] { "within 60 s", "avg prec.", "all of them", "by own rate" })
        {
            Assert.Contains(part, table);
        }
        ProcessResult wrong = await ForetellProcess.RunAsync(_folder.Path, [.. eval, "--within", "1m", "--of", "surprise"]);
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
        Assert.Contains("--within cannot be asked: The model knows no mark 'surprise'", wrong.Error);
    }

    [Fact]
    public async Task Eval_WhenStreamsAreInterleavedInTime_ScoresEachByItselfAsOneAfterTheOther()
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 30, events: 900);
        await SimulateAsync("test.jsonl", seed: 2, streams: 20, events: 1000);
        await RunAsync("train", "--train", "train.jsonl", "--dev", "train.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "1");
        (string Stream, double Time, string Mark)[] events = [.. File.ReadLines(_folder.At("test.jsonl")).SelectMany(line =>
        {
            JsonElement sequence = JsonDocument.Parse(line).RootElement;
            return sequence.GetProperty("t").EnumerateArray().Zip(sequence.GetProperty("k").EnumerateArray(),
                (t, k) => (sequence.GetProperty("id").GetString()!, t.GetDouble(), k.GetString()!));
        })];
        JsonElement oneByOne = await EvalAsync("streams.csv", events);
        JsonElement interleaved = await EvalAsync("replay.csv", events.OrderBy(e => e.Time));
        JsonElement backwards = await EvalAsync("backwards.csv", events.GroupBy(e => e.Stream).Reverse().SelectMany(s => s));

        Assert.NotEqual(File.ReadAllText(_folder.At("streams.csv")), File.ReadAllText(_folder.At("replay.csv")));
        Assert.NotEqual(oneByOne.GetProperty("nllTime").GetDouble(),
            oneByOne.GetProperty("asTrained").GetProperty("nllTime").GetDouble(), 6);
        Assert.All(new[] { interleaved, backwards }, other =>
        {
            Assert.Equal((20, 980), (other.GetProperty("sequences").GetInt32(), other.GetProperty("events").GetInt32()));
            // The order in which streams are added up moves the last bits at most.
            Assert.All(new[] { "nll", "nllTime", "nllMark", "accuracy", "rmse", "pitKs" }, figure =>
                Assert.Equal(oneByOne.GetProperty(figure).GetDouble(), other.GetProperty(figure).GetDouble(), 1e-9));
            Assert.Equal(oneByOne.GetProperty("asTrained").GetProperty("nllTime").GetDouble(),
                other.GetProperty("asTrained").GetProperty("nllTime").GetDouble(), 1e-9);
        });

        async Task<JsonElement> EvalAsync(string file, IEnumerable<(string Stream, double Time, string Mark)> rows)
        {
            File.WriteAllLines(_folder.At(file), rows.Select(e => FormattableString.Invariant($"{e.Stream},{e.Time:0.0000000},{e.Mark}"))
                .Prepend("stream,time,mark"));
            return JsonDocument.Parse((await RunAsync("eval", "--model", "m.safetensors", "--test", file, "--json")).Output).RootElement;
        }
    }

    /// <summary>What streams share is scored beside the figures of single streams, never in their place.</summary>
    [Fact]
    public async Task Eval_WhenStreamsShare_ScoresThemInTheOrderOfTimeToo()
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 30, events: 900);
        await RunAsync("train", "--train", "train.jsonl", "--dev", "train.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2");

        JsonElement plain = await EvalAsync("--json"), shared = await EvalAsync("--json", "--shared");
        string shown = (await RunAsync("eval", "--model", "m.safetensors", "--test", "train.jsonl", "--shared")).Output;

        Assert.False(plain.TryGetProperty("shared", out _));
        Assert.Equal(plain.GetProperty("nll").GetDouble(), shared.GetProperty("nll").GetDouble());
        JsonElement inOrder = shared.GetProperty("shared");
        Assert.Equal(inOrder.GetProperty("nll").GetDouble(), inOrder.GetProperty("nllTime").GetDouble() + inOrder.GetProperty("nllMark").GetDouble(), 1e-9);
        Assert.Contains("all streams in the order of time", shown);
        Assert.Matches($@"with a shared shift\s+{inOrder.GetProperty("nll").GetDouble().ToString("0.0000", CultureInfo.InvariantCulture)} ", shown);

        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, "eval", "--model", "m.safetensors", "--test", "train.jsonl", "--shared", "--no-adapt");
        Assert.Equal((2, "--shared needs a model that adapts: streams can share only what adaptation tells. Give --adapt, too, or leave out --no-adapt."),
            (refused.ExitCode, refused.Sentence));

        async Task<JsonElement> EvalAsync(params string[] options) => JsonDocument.Parse(
            (await RunAsync(["eval", "--model", "m.safetensors", "--test", "train.jsonl", .. options])).Output).RootElement;
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("softmax", "--mixer", "h2o", "--states", "8")]
    public async Task Train_WhenTheMixerIsNamed_WritesAModelThatEvalTakes(string mixer, params string[] bound)
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 30, events: 900);
        await RunAsync("train", "--train", "train.jsonl", "--dev", "train.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2", "--mixer", mixer);

        ProcessResult scores = await RunAsync(["eval", "--model", "m.safetensors", "--test", "train.jsonl", "--json", .. bound]);

        Assert.True(double.IsFinite(JsonDocument.Parse(scores.Output).RootElement.GetProperty("nll").GetDouble()));
    }

    [Fact]
    public async Task Train_WhenOpenEndsCount_WritesAModelThatEvalAndQueryTellTheGoneBy()
    {
        ProcessResult simulated =
            await RunAsync("simulate", "--kind", "churn", "--streams", "60", "--events", "1500", "--seed", "1", "--out", "shop.jsonl");
        Assert.Matches(@"gone for good +\d+ of 60 streams", simulated.Output);

        ProcessResult trained = await RunAsync("train", "--train", "shop.jsonl", "--dev", "shop.jsonl", "--out", "m.safetensors",
            "--width", "16", "--layers", "1", "--heads", "2", "--epochs", "2", "--censored");
        Assert.Contains("nats an event or open end", trained.Output);

        JsonElement scores =
            JsonDocument.Parse((await RunAsync("eval", "--model", "m.safetensors", "--test", "shop.jsonl", "--censored", "--json")).Output)
            .RootElement;
        Assert.Equal(60, scores.GetProperty("openEnds").GetInt32());
        Assert.True(double.IsFinite(scores.GetProperty("nllOpenEnd").GetDouble()));
        Assert.Contains("60 streams silent up to the end of observation",
            (await RunAsync("eval", "--model", "m.safetensors", "--test", "shop.jsonl", "--censored", "--until", "1e6")).Output);

        (ForetellProcess host, Uri url) =
            await ForetellProcess.StartHostAsync(_folder, "--model", _folder.At("m.safetensors"), "--file", _folder.At("shop.jsonl"));
        await using (host)
        {
            ProcessResult asked = await RunAsync("query", "subscriber-00000", "--url", url.ToString());
            Assert.Matches(@"gone for good +\d+\.\d %", asked.Output);
            Assert.Matches(@"mean .+ if one comes", asked.Output);
        }
    }

    [Fact]
    public async Task Train_WhenTheMixerBoundsATrainedModel_SaysHowToUseIt()
    {
        ProcessResult result =
            await ForetellProcess.RunAsync(_folder.Path, "train", "--train", "a", "--dev", "b", "--out", "c", "--mixer", "tova");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("train with --mixer softmax", result.Sentence);
    }

    [Fact]
    public async Task Train_WhenInterrupted_WritesNothing()
    {
        await SimulateAsync("train.jsonl", seed: 1, streams: 60, events: 6000);
        await using ForetellProcess training = ForetellProcess.Start(_folder.Path,
            "train", "--train", "train.jsonl", "--dev", "train.jsonl", "--out", "m.safetensors", "--width", "16", "--heads", "2",
                "--epochs", "100000");
        await training.LineAsync(l => l.StartsWith("epoch 1,", StringComparison.Ordinal));

        ProcessResult result = await training.InterruptAsync();

        Assert.Equal(130, result.ExitCode);
        Assert.Contains("stopped by a signal", result.Sentence);
        Assert.Equal(["train.jsonl"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("long-memory")]
    public async Task Simulate_WhenRepeated_WritesTheSameBytesAndSaysWhatIsPossible(string kind)
    {
        ProcessResult first = await SimulateAsync("a.ndjson", seed: 9, streams: 7, events: 300, kind);
        await SimulateAsync("b.ndjson", seed: 9, streams: 7, events: 300, kind);
        await SimulateAsync("c.ndjson", seed: 10, streams: 7, events: 300, kind);

        Assert.Equal(File.ReadAllBytes(_folder.At("a.ndjson")), File.ReadAllBytes(_folder.At("b.ndjson")));
        Assert.NotEqual(File.ReadAllBytes(_folder.At("a.ndjson")), File.ReadAllBytes(_folder.At("c.ndjson")));
        Assert.Equal(300, File.ReadLines(_folder.At("a.ndjson")).Count());
        Assert.Matches(@"best possible NLL +-?\d+\.\d+ nats", first.Output);
    }

    [Fact]
    public async Task Simulate_WhenAllStreamsEndBeforeTheEventsAskedFor_WritesWhatThereIs()
    {
        ProcessResult result = await RunAsync("simulate", "--kind", "churn", "--streams", "5", "--events", "100000", "--out", "all.ndjson");

        Assert.Matches(@"gone for good +5 of 5 streams", result.Output);
        Assert.InRange(File.ReadLines(_folder.At("all.ndjson")).Count(), 5, 2000);
    }

    private Task<ProcessResult> SimulateAsync(string name, int seed, int streams, int events, string kind = "demo") =>
        RunAsync("simulate", "--kind", kind, "--streams", $"{streams}", "--events", $"{events}", "--seed", $"{seed}", "--out", name);

    private async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
