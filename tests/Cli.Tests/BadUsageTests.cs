using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests;

/// <summary>Bad input ends with one sentence on standard error and an exit code that is not 0.</summary>
public sealed class BadUsageTests : IDisposable
{
    private const int Usage = 2;
    private const int Failure = 1;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("no command was given")]
    [InlineData("unknown command 'tran'; did you mean 'train'?", "tran")]
    [InlineData("unknown command 'xyzzy'.", "xyzzy")]
    [InlineData("unknown option '--modle'; did you mean '--model'?", "eval", "--modle", "m")]
    [InlineData("unknown option '--partition'; did you mean '--partitions'?", "run", "--partition", "3")]
    [InlineData("unknown argument 'surplus'", "eval", "--model", "m", "--test", "t", "surplus")]
    [InlineData("--out is needed", "train")]
    [InlineData("--data is needed, or --train and --dev", "train", "--out", "c")]
    [InlineData("--data is needed, or --train and --dev", "train", "--train", "a", "--out", "c")]
    [InlineData("--data names one file that is split by itself", "train", "--data", "a", "--dev", "b", "--out", "c")]
    [InlineData("--max-marks must be a whole number from 2 to 4096, got '5000'", "train", "--data", "a", "--out", "c", "--max-marks", "5000")]
    [InlineData("--model is needed", "eval", "--test", "t")]
    [InlineData("--train and --dev and --test and --out are needed", "compare")]
    [InlineData("There is no mixer 'gru' to compare; expected aaren, aaren-plain", "compare", "--train", "a", "--dev", "b", "--test", "c",
        "--out", "d", "--mixers", "aaren,gru")]
    [InlineData("--states must be shares such as 1/8", "compare", "--train", "a", "--dev", "b", "--test", "c", "--out", "d", "--states",
        "1/8,9/8")]
    [InlineData("--seeds must be a whole number from 1 to 1000, got '0'", "compare", "--train", "a", "--dev", "b", "--test", "c", "--out",
        "d", "--seeds", "0")]
    [InlineData("Model width must be a multiple of 16", "compare", "--train", "a", "--dev", "b", "--test", "c", "--out", "d",
        "--width", "40")]
    [InlineData("--learning-rate must be a number from 1E-06 to 1, got '0'", "train", "--train", "a", "--dev", "b", "--out", "c",
        "--learning-rate", "0")]
    [InlineData("--width must be a whole number from 16 to 1024, got '1e9'", "train", "--train", "a", "--dev", "b", "--out", "c",
        "--width", "1e9")]
    [InlineData("Model width must be a multiple of 16 from 16 to 1024, got 40", "train", "--train", "a", "--dev", "b", "--out", "c",
        "--width", "40")]
    [InlineData("Model heads must be 1 to 16, dividing the width, got 5", "train", "--train", "a", "--dev", "b", "--out", "c",
        "--heads", "5")]
    [InlineData("--epochs must be a whole number from 1", "train", "--train", "a", "--dev", "b", "--out", "c", "--epochs", "0")]
    [InlineData("Model components must be a multiple of 16", "train", "--train", "a", "--dev", "b", "--out", "c", "--components", "20")]
    [InlineData("--mixer must be aaren", "train", "--train", "a", "--dev", "b", "--out", "c", "--mixer", "gru")]
    [InlineData("--until says up to when", "train", "--train", "a", "--dev", "b", "--out", "c", "--until", "5")]
    [InlineData("--until says up to when", "compare", "--train", "a", "--dev", "b", "--test", "c", "--out", "d", "--until", "5")]
    [InlineData("--until says up to when", "eval", "--model", "m", "--test", "t", "--until", "5")]
    [InlineData("--costs must say each mark once, with what it costs: mail=0.2,call=3; got 'mail'.", "evaluate-policy", "--train", "t", "--test", "t",
        "--reward", "net", "--policy", "uniform", "--costs", "mail")]
    [InlineData("--every and --of say what --within asks", "eval", "--model", "m", "--test", "t", "--every", "1d")]
    [InlineData("--within must be a duration such as", "eval", "--model", "m", "--test", "t", "--within", "soon")]
    [InlineData("--resolution must be auto, none or a number", "train", "--train", "a", "--dev", "b", "--out", "c", "--resolution", "-1")]
    [InlineData("--time-unit must be seconds, minutes, hours, days or a number", "train", "--train", "a", "--dev", "b", "--out", "c",
        "--time-unit", "weeks")]
    [InlineData("--columns: Columns can name stream, time, mark, id, label and values, got 'user'", "eval", "--model", "m", "--test", "t", "--columns",
        "user=x")]
    [InlineData("--marks must be 1 to 64 different marks", "run", "--no-demo", "--marks", "a,b,a")]
    [InlineData("--marks must be 1 to 64 different marks", "run", "--no-demo", "--marks", "a,,b")]
    [InlineData("--marks names the marks of your own events, and the demo has its own", "run", "--marks", "a,b")]
    [InlineData("--exit ends the run after a file", "run", "--exit")]
    [InlineData("--json prints the result", "run", "--json")]
    [InlineData("--columns describes the file", "run", "--columns", "stream=a,time=b")]
    [InlineData("--urls must be an address", "run", "--urls", "localhost")]
    [InlineData("--metrics-urls takes http addresses", "run", "--metrics-urls", "https://127.0.0.1:5443")]
    [InlineData("--partitions must be a whole number from 1 to 1024, got '0'", "run", "--partitions", "0")]
    [InlineData("--threads must be a whole number", "run", "--threads", "many")]
    [InlineData("--late-tolerance must be a duration", "run", "--late-tolerance", "soon")]
    [InlineData("--retain must be a duration such as 30s, 5m, 1h or 2d, at least 1h, got '59m'", "run", "--retain", "59m")]
    [InlineData("--retain must be a duration", "cluster", "--retain", "for ever")]
    [InlineData("--alert-survival must be 0 or a probability", "run", "--alert-survival", "0.6")]
    [InlineData("--alert-survival must be 0 or a probability", "run", "--alert-survival", "1e-12")]
    [InlineData("--future-tolerance must be a duration", "run", "--future-tolerance", "-1h")]
    [InlineData("--speed must be max or a number above 0", "replay", "--file", "f", "--speed", "fast")]
    [InlineData("--url must be an address", "replay", "--file", "f", "--url", "here")]
    [InlineData("STREAM", "query")]
    [InlineData("--horizon must be a duration such as 30s, 5m, 1h or 2d, above 0, got '0'", "query", "s", "--horizon", "0")]
    [InlineData("--kind must be one of", "simulate", "--kind", "magic", "--out", "f.jsonl")]
    [InlineData("--events must be a whole number", "simulate", "--kind", "hawkes", "--events", "1.5", "--out", "f.jsonl")]
    public Task Usage_WhenWrong_IsOneSentenceAndExitCode2(string expected, params string[] arguments) =>
        AssertSentenceAsync(Usage, expected, arguments);

    [Theory]
    [InlineData("There is no model file missing.safetensors", "eval", "--model", "missing.safetensors", "--test", "t")]
    [InlineData("must be a file", "eval", "--model", ".", "--test", "t")]
    [InlineData("There is no model file missing.safetensors", "run", "--no-demo", "--model", "missing.safetensors")]
    [InlineData("missing.jsonl", "train", "--train", "missing.jsonl", "--dev", "missing.jsonl", "--out", "m")]
    [InlineData("does not exist; make it first", "train", "--train", "a", "--dev", "b", "--out", "no/such/folder/m")]
    [InlineData("is a folder", "train", "--train", "a", "--dev", "b", "--out", ".")]
    [InlineData("missing.jsonl", "compare", "--train", "missing.jsonl", "--dev", "missing.jsonl", "--test", "missing.jsonl", "--out", "d")]
    [InlineData("missing.ndjson", "run", "--file", "missing.ndjson", "--exit")]
    [InlineData("missing.csv", "replay", "--file", "missing.csv")]
    [InlineData(".jsonl", "simulate", "--kind", "hawkes", "--out", "f.txt")]
    public Task Work_WhenItCannotBeDone_IsOneSentenceAndExitCode1(string expected, params string[] arguments) =>
        AssertSentenceAsync(Failure, expected, arguments);

    [Theory]
    [InlineData("not a model at all")]
    [InlineData("")]
    public async Task Model_WhenItIsSomethingElse_IsRefused(string content)
    {
        File.WriteAllText(_folder.At("wrong.safetensors"), content);

        await AssertSentenceAsync(Failure, "wrong.safetensors", "eval", "--model", "wrong.safetensors", "--test", "t");
    }

    [Theory]
    [InlineData("line 2", "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"a\",\"time\":")]
    [InlineData("line 2", "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"\",\"time\":2}")]
    [InlineData("line 1", "[{\"stream\":\"a\",\"time\":1}]")]
    [InlineData("empty", "")]
    public async Task File_WhenALineIsBroken_IsNamedWithItsLine(string expected, string content)
    {
        File.WriteAllText(_folder.At("events.ndjson"), content);

        await AssertSentenceAsync(Failure, expected, "run", "--file", "events.ndjson", "--exit", "--model", Workload.Model(_folder));
    }

    [Fact]
    public async Task TrainingData_WhenThereIsTooLittle_IsRefusedWithTheReason()
    {
        File.WriteAllText(_folder.At("one.jsonl"), """{"id":"a","t":[1]}""");

        ProcessResult result =
            await ForetellProcess.RunAsync(_folder.Path, "train", "--train", "one.jsonl", "--dev", "one.jsonl", "--out", "m.safetensors");

        Assert.Equal(Failure, result.ExitCode);
        Assert.NotEqual("", result.Sentence);
        Assert.False(File.Exists(_folder.At("m.safetensors")));
    }

    private async Task AssertSentenceAsync(int exitCode, string expected, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, arguments);

        Assert.True(exitCode == result.ExitCode, $"exit code {result.ExitCode}: {result.Error}");
        Assert.Contains(expected, result.Sentence);
        Assert.Matches(@"[.?]$", result.Sentence);
        Assert.Equal("", result.Output);
        string[] lines = result.Error.TrimEnd().Split('\n');
        Assert.Equal(exitCode == Usage ? 2 : 1, lines.Length);
        Assert.True(exitCode != Usage || lines[1].StartsWith("See 'foretell", StringComparison.Ordinal), lines[^1]);
    }
}
