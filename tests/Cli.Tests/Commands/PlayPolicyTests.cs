using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.Policies;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell evaluate-policy --play, as a process that is talked to.</summary>
public sealed class PlayPolicyTests(ITestOutputHelper output) : IDisposable
{
    private const string Expected = """Expected {"event": {"stream": "c7", "time": 3.2, "mark": "buy", "amount": 20.6}} or {"ask": {"streams": ["c7"], "time": 9.1}}.""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The simulated shop asks the process what to do; who learned from its log earns more than who always gives
    /// discounts.</summary>
    [Fact]
    public void Play_OfferSimulator_EarnsMoreThanDiscountsForAll()
    {
        const int customers = 150, seed = 300;
        WriteLog(1500);

        double greedy = PlayShop(customers, seed, "greedy"), discounts = PlayShop(customers, seed, "always:discount");

        output.WriteLine($"greedy {greedy:F2}, discounts {discounts:F2}");
        // The process that always gives discounts is the shop's own rule: the lines that go back and forth change nothing.
        Assert.Equal(OfferSimulator.Play(customers, seed, (_, _, _) => 2), discounts, 1e-9);
        Assert.True(greedy > discounts + 3, $"greedy {greedy}, discounts {discounts}");
    }

    [Theory]
    [InlineData("The line is not JSON at byte 1. " + Expected, "buy")]
    [InlineData("A line must be an object with one of \"event\" and \"ask\", itself an object. " + Expected, """{"event":{},"ask":{}}""")]
    [InlineData("\"time\" must be a number, got '\"3\"'. " + Expected, """{"event":{"stream":"a","time":"3","mark":"buy"}}""")]
    [InlineData("\"mark\" must hold a text or a number, got nothing. " + Expected, """{"event":{"stream":"a","time":3}}""")]
    [InlineData("What an event carries beside stream, time and mark must be a number or null, got 'much' for 'amount'.", """{"event":{"stream":"a","time":3,"mark":"buy","amount":"much"}}""")]
    [InlineData("\"ask\" needs \"streams\", a list of the streams to decide for. " + Expected, """{"ask":{"time":3}}""")]
    [InlineData("Stream 'a' is at 5, and what comes next for it is at 3. Give what happens to a stream in order of time.", """{"ask":{"streams":["b","a"],"time":3}}""")]
    public void Play_WhenALineIsWrong_SaysWhichAndWhat(string sentence, string line)
    {
        WriteLog(60);
        using Process foretell = Start("--policy", "always:mail", "--play");

        foretell.StandardInput.WriteLine("""{"event":{"stream":"a","time":5,"mark":"buy","amount":7.5}}""");
        foretell.StandardInput.WriteLine(line);
        foretell.StandardInput.Close();
        string error = foretell.StandardError.ReadToEnd();
        foretell.WaitForExit();

        Assert.Equal(1, foretell.ExitCode);
        Assert.Contains("decides by 'always mail': 0 nothing, 1 mail, 2 discount, 3 call", error);
        Assert.Equal($"error: standard input, line 2: {sentence}", error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
    }

    [Fact]
    public void Play_OfSeveralStreams_AnswersEachAndEndsWithTheInput()
    {
        WriteLog(60);
        using Process foretell = Start("--policy", "always:call", "--play");

        foretell.StandardInput.WriteLine("""{"ask":{"streams":["a",7],"time":1}}""");
        string? answer = foretell.StandardOutput.ReadLine();
        foretell.StandardInput.WriteLine("""{"ask":{"streams":[],"time":2}}""");
        foretell.StandardInput.Close();

        Assert.Equal("""{"actions":[3,3]}""", answer);
        Assert.Equal("{\"actions\":[]}\n", foretell.StandardOutput.ReadToEnd());
        foretell.WaitForExit();
        Assert.Equal(0, foretell.ExitCode);
    }

    [Theory]
    [InlineData("--play decides and judges nothing: leave out --test.", "--policy", "greedy", "--play", "--test", "train.jsonl")]
    [InlineData("--play decides by one --policy, and there are several.", "--policy", "greedy", "--policy", "uniform", "--play")]
    [InlineData("--play decides where no file knows the streams, by uniform, greedy or always:ACTION, got 'logged'.", "--policy", "logged", "--play")]
    [InlineData("--test is needed.", "--policy", "greedy")]
    public async Task Play_WhenTheCommandIsWrong_SaysHow(string sentence, params string[] arguments)
    {
        WriteLog(60);

        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, ["evaluate-policy", "--train", "train.jsonl", "--reward", OfferSimulator.Reward, .. arguments]);

        Assert.Equal((2, sentence), (refused.ExitCode, refused.Sentence));
    }

    /// <summary>Net reward an episode. Each episode is a stream of its own for the process, since the shop plays each anew.</summary>
    private double PlayShop(int customers, long seed, string policy)
    {
        using Process foretell = Start("--policy", policy, "--play");
        int episodes = 0, told = 0;
        double earned = OfferSimulator.Play(customers, seed, (past, time, elapsed) =>
        {
            if (elapsed == 0)
            {
                (episodes, told) = (episodes + 1, 0);
            }
            for (; told < past.Times.Length; told++)
            {
                double net = past.Values![OfferSimulator.Reward][told];
                foretell.StandardInput.WriteLine(FormattableString.Invariant(
                    $$$"""{"event":{"stream":"{{{past.Id}}}-{{{episodes}}}","time":{{{past.Times[told]:R}}},"mark":"{{{past.Marks![told]}}}","amount":{{{net:R}}}}}"""));
            }
            foretell.StandardInput.WriteLine(FormattableString.Invariant($$$"""{"ask":{"streams":["{{{past.Id}}}-{{{episodes}}}"],"time":{{{time:R}}}}}"""));
            foretell.StandardInput.Flush();
            return JsonDocument.Parse(foretell.StandardOutput.ReadLine()!).RootElement.GetProperty("actions")[0].GetInt32();
        });
        foretell.StandardInput.Close();
        foretell.WaitForExit();
        return earned;
    }

    private Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet",
        [Path.Combine(AppContext.BaseDirectory, "foretell.dll"), "evaluate-policy", "--train", "train.jsonl", "--reward", OfferSimulator.Reward,
            "--horizon", OfferSimulator.Horizon.ToString(CultureInfo.InvariantCulture), "--actions", string.Join(',', OfferSimulator.Actions), .. arguments])
    {
        WorkingDirectory = _folder.Path,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private void WriteLog(int customers) => File.WriteAllLines(_folder.At("train.jsonl"), OfferSimulator.Log(customers, seed: 100).Select(Line));

    private static string Line(EventSequence s)
    {
        static string Numbers(double[] values) =>
            string.Join(',', values.Select(v => double.IsNaN(v) ? "null" : v.ToString("R", CultureInfo.InvariantCulture)));
        string values = string.Join(',', s.Values!.Select(v => $"\"{v.Key}\":[{Numbers(v.Value)}]"));
        return $$$"""{"id":"{{{s.Id}}}","t":[{{{Numbers(s.Times)}}}],"k":[{{{string.Join(',', s.Marks!.Select(m => $"\"{m}\""))}}}],"v":{ {{{values}}} }}""";
    }
}
