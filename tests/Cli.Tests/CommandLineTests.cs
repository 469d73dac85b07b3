using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Foretell.Cli.Options;
using Foretell.Support;

namespace Foretell.Cli.Tests;

/// <summary>The definition of the command line: verbs, help, examples, and what the README says of it.</summary>
public sealed partial class CommandLineTests
{
    public static TheoryData<string> Verbs => [.. CommandLine.Create().Subcommands.Select(c => c.Name)];

    [Fact]
    public void Verbs_WhenListed_AreThePromisedOnes() =>
        Assert.Equal(["backup", "check", "cluster", "compare", "eval", "evaluate-policy", "keys", "query", "repair", "replay", "restore", "run", "simulate", "train"],
            CommandLine.Create().Subcommands.Select(c => c.Name).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("train --train F --dev F --out M --time-unit hours --mixer aaren --no-decay --width 64 --layers 2 --heads 4 --components 16 --epochs 3 --seed 1 --resolution auto")]
    [InlineData("train --data F --out M --max-marks 100 --json")]
    [InlineData("train --train F --dev F --out M --time-unit 86400 --resolution none")]
    [InlineData("train --train F --dev F --out M --resolution 0.5")]
    [InlineData("train --train F --dev F --out M --mixer linear")]
    [InlineData("train --train F --dev F --out M --mixer softmax --no-decay")]
    [InlineData("eval --model M --test F --json")]
    [InlineData("eval --model M --test F --mixer window+4 --states 64")]
    [InlineData("run --model M --mixer tova --states 64")]
    [InlineData("run --data-dir D --urls http://127.0.0.1:1 --model M --partitions 8 --threads 2 --no-demo --plain --file F --exit --json")]
    [InlineData("run --metrics-urls http://127.0.0.1:9464;http://10.0.0.7:9464")]
    [InlineData("run --file F --columns stream=a,time=b --late-tolerance 0s --future-tolerance 2h --alert-survival 1e-6")]
    [InlineData("run --no-demo --retain 1h30m")]
    [InlineData("cluster --silos 3 --urls http://127.0.0.1:0 --model M --partitions 8 --threads 1 --late-tolerance 0s --future-tolerance 2h --retain 30d --alert-survival 0 --plain")]
    [InlineData("cluster --silos 1 --file F --columns stream=a,time=b --exit --json --postgres D --silo-program D")]
    [InlineData("replay --file F --url http://127.0.0.1:1 --speed max --columns stream=a,time=b,mark=c")]
    [InlineData("replay --file F --speed 2.5")]
    [InlineData("replay --file - --sort --time-zone Europe/Berlin")]
    [InlineData("run --file F --sort --time-zone UTC --exit")]
    [InlineData("cluster --file F --sort --time-zone UTC --exit")]
    [InlineData("eval --model M --test - --time-zone UTC")]
    [InlineData("train --train F --dev F --out M --time-zone America/New_York")]
    [InlineData("query STREAM --url http://127.0.0.1:1 --horizon 1h --at 2026-01-01T00:00:00Z --json")]
    [InlineData("simulate --kind hawkes --streams 3 --events 30 --seed 4 --out F")]
    public void Parse_WhenTheLineIsAsPromised_FindsNoError(string line) => Assert.Empty(Parse(line).Errors);

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_WhenAsked_DescribesEveryOptionAndEndsWithExamples(string verb)
    {
        Command command = CommandLine.Create().Subcommands.Single(c => c.Name == verb);
        var output = new StringWriter();

        int code = Parse($"{verb} --help").Invoke(new InvocationConfiguration { Output = output });

        Assert.Equal(0, code);
        Assert.All(command.Options, o => Assert.Contains(o.Name, output.ToString()));
        Assert.All(command.Options, o => Assert.False(string.IsNullOrWhiteSpace(o.Description), o.Name));
        Assert.Matches($@"Examples:\r?\n  foretell {verb}\b", output.ToString());
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Examples_WhenParsed_AreValid(string verb)
    {
        var command = (Verb)CommandLine.Create().Subcommands.Single(c => c.Name == verb);

        Assert.NotEmpty(command.Examples);
        Assert.All(command.Examples, example => Assert.Empty(Parse(example).Errors));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/architecture.md")]
    [InlineData("docs/models.md")]
    [InlineData("docs/formats.md")]
    [InlineData("docs/files.md")]
    [InlineData("docs/cluster.md")]
    [InlineData("docs/security.md")]
    [InlineData("docs/data-folder.md")]
    [InlineData("docs/gpu.md")]
    [InlineData("docs/policies.md")]
    public void Documents_WhenTheyShowACommand_ShowOneThatParses(string document)
    {
        string[] lines = [.. ShownCommand().Matches(File.ReadAllText(Repository.At(document))).Select(m => m.Groups[1].Value.Trim())];

        Assert.True(document != "README.md" || lines.Length >= 5, "The README shows the commands.");
        Assert.All(lines, line =>
            Assert.True(Parse(line).Errors.Count == 0, $"{document}: foretell {line}: {string.Join(' ', Parse(line).Errors)}"));
    }

    [Fact]
    public void Readme_WhenRead_ShowsEveryVerb()
    {
        string readme = File.ReadAllText(Repository.At("README.md"));

        Assert.All(CommandLine.Create().Subcommands, verb => Assert.Contains($"./foretell {verb.Name}", readme));
    }

    private static ParseResult Parse(string line) =>
        CommandLine.Create().Parse([.. CommandLineParser.SplitCommandLine(line)], CommandLine.Parsing);

    /// <summary>A command at the start of a line of a code block; a comment or a pipe may follow.</summary>
    [GeneratedRegex(@"^(?:\$ )?(?:\./)?foretell ([a-z][^\n#|`]*)$", RegexOptions.Multiline)]
    private static partial Regex ShownCommand();
}
