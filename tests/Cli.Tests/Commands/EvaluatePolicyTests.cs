using System.Text.Json;
using Foretell.Models.Numerics;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell evaluate-policy, as a process. The log is of a shop that mails or does nothing, half and half: a mail brings 1
/// more.</summary>
public sealed class EvaluatePolicyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EvaluatePolicyTests()
    {
        Write("train.jsonl", 1);
        Write("test.jsonl", 2);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EvaluatePolicy_OfSeveral_PrintsATableAndJson()
    {
        // The file mails nine times out of ten.
        File.WriteAllLines(_folder.At("mine.jsonl"), Enumerable.Range(0, 300).SelectMany(s => Enumerable.Range(1, 4).Select(i =>
            $$$"""{"id":"s{{{s}}}","i":{{{i}}},"pi":{"mail":0.9,"none":0.1}}""")));

        ProcessResult shown = await EvaluateAsync("--policy", "uniform", "--policy", "always:mail", "--policy", "greedy", "--policy", "mine.jsonl");
        ProcessResult json = await EvaluateAsync("--policy", "uniform", "--policy", "always:mail", "--policy", "greedy", "--policy", "mine.jsonl", "--json");

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        Assert.Matches(@"95 % interval +doubly robust +over the log +SNIPS +IPS +effective sample +mean weight +outside support", shown.Output);
        Assert.Matches(@"logged +[\d.]+ \[[\d.]+, [\d.]+\] +0 \[0, 0\] .* 1,200 +1\.00 +0\.0 %", shown.Output);
        Assert.Matches(@"always mail +[\d.]+ \[[\d.]+, [\d.]+\] +0\.\d+ \[", shown.Output);
        Assert.Contains("1,200 episodes with 1,200 decisions of 300 streams.", shown.Output);
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal(["mail", "none"], report.GetProperty("actions").EnumerateArray().Select(a => a.GetString()!));
        Dictionary<string, double> gains = report.GetProperty("policies").EnumerateArray().ToDictionary(p => p.GetProperty("name").GetString()!,
            p => p.GetProperty("estimates").GetProperty("gain").GetProperty("value").GetDouble());
        Assert.Equal(["logged", "uniform", "always mail", "greedy", "mine.jsonl"], gains.Keys);
        Assert.Equal(0, gains["logged"]);
        Assert.Equal(0, gains["uniform"], 0.1);
        Assert.Equal(0.5, gains["always mail"], 0.15);
        Assert.Equal(gains["always mail"], gains["greedy"]);
        Assert.Equal(0.4, gains["mine.jsonl"], 0.15);
    }

    /// <summary>A mail brings 1 more; where it costs 2 there is more in sending none.</summary>
    [Fact]
    public async Task EvaluatePolicy_WhereAnActionCosts_SubtractsIt()
    {
        ProcessResult json = await EvaluateAsync("--policy", "always:mail", "--policy", "always:none", "--policy", "greedy", "--costs", "mail=2", "--json");

        Dictionary<string, double> gains = JsonDocument.Parse(json.Output).RootElement.GetProperty("policies").EnumerateArray().ToDictionary(
            p => p.GetProperty("name").GetString()!, p => p.GetProperty("estimates").GetProperty("gain").GetProperty("value").GetDouble());
        Assert.Equal(-0.5, gains["always mail"], 0.15);
        Assert.Equal(0.5, gains["always none"], 0.15);
        Assert.Equal(gains["always none"], gains["greedy"]);
    }

    /// <summary>Four decisions of one episode leave few that a policy would have taken all.</summary>
    [Fact]
    public async Task EvaluatePolicy_WhenTheEffectiveSampleIsSmall_SaysSoAndNoMore()
    {
        ProcessResult refused = await EvaluateAsync("--policy", "always:mail", "--horizon", "8");

        Assert.Equal(1, refused.ExitCode);
        Assert.Matches(@"remark: the effective sample of 'always mail' is \d\d of 300 episodes, and 500 are needed: too small to judge\.", refused.Error);
        Assert.Equal("This log tells nothing of that policy. Judge what is nearer to what it did, a shorter --horizon, or a longer log.", refused.Sentence);
        Assert.Matches(@"always mail +- +- +- +- +\d\d, too small", refused.Output);
        Assert.Equal(0, (await EvaluateAsync("--policy", "always:mail", "--horizon", "8", "--sample", "5")).ExitCode);
    }

    [Theory]
    [InlineData("train.jsonl: No event carries a value 'gross', which is to be the reward; there is net, p.", "--policy", "uniform", "--reward", "gross")]
    [InlineData("train.jsonl: No event of train carries a value 'q', which says how likely its action was. Write it into \"v\" of every decision, and null elsewhere.", "--policy", "uniform", "--propensity", "q")]
    [InlineData("train.jsonl: 'fax' is to cost something, and no event has this mark.", "--policy", "uniform", "--costs", "fax=1")]
    [InlineData("There is no action 'call' to take always; the actions are mail, none.", "--policy", "always:call")]
    [InlineData("--policy must be uniform, greedy, always:ACTION, logged or a file that is there, got 'best'.", "--policy", "best")]
    [InlineData("short.jsonl has no line for event 2 of stream 's0', which is a decision.", "--policy", "short.jsonl")]
    [InlineData("bad.jsonl, line 1: 'pi' must add up to 1, and adds up to 0.9.", "--policy", "bad.jsonl")]
    [InlineData("train.jsonl: Event 1 of stream 's0' is a decision for 'none', which is none of the actions mail, call. Name all of them with --actions.", "--policy", "uniform", "--actions", "mail,call")]
    public async Task EvaluatePolicy_WhenSomethingIsWrong_SaysWhat(string sentence, params string[] arguments)
    {
        File.WriteAllText(_folder.At("short.jsonl"), """{"id":"s0","i":1,"pi":{"mail":1}}""");
        File.WriteAllText(_folder.At("bad.jsonl"), """{"id":"s0","i":1,"pi":{"mail":0.9}}""");

        ProcessResult refused = await EvaluateAsync(arguments);

        Assert.Equal((1, sentence), (refused.ExitCode, refused.Sentence));
    }

    private Task<ProcessResult> EvaluateAsync(params string[] arguments) => ForetellProcess.RunAsync(_folder.Path,
        ["evaluate-policy", "--train", "train.jsonl", "--test", "test.jsonl", .. arguments.Contains("--reward") ? Array.Empty<string>() : ["--reward", "net"], .. arguments]);

    /// <summary>300 streams: a visit, four decisions two time units apart, and a last look.</summary>
    private void Write(string file, long seed) => File.WriteAllLines(_folder.At(file), Enumerable.Range(0, 300).Select(s =>
    {
        var random = new RandomStream(seed, s);
        bool[] mails = [.. Enumerable.Range(0, 4).Select(i => (s, i) != (0, 0) && random.NextDouble() < 0.5)];
        string nets = string.Join(',', mails.Select(m => FormattableString.Invariant($"{(m ? 1 : 0) + random.NextNormal():F3}")));
        string marks = string.Join(',', mails.Select(m => m ? "\"mail\"" : "\"none\""));
        return $$$"""{"id":"s{{{s}}}","t":[0,1,3,5,7,12],"k":["visit",{{{marks}}},"look"],"v":{"net":[null,{{{nets}}},null],"p":[null,0.5,0.5,0.5,0.5,null]}}""";
    }));
}
