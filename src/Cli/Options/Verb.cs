using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Foretell.Cli.Shell;

namespace Foretell.Cli.Options;

/// <summary>A command whose help ends with examples.</summary>
public class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines that work as written, without the leading "foretell".</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Adds options that several verbs share.</summary>
    public void AddAll(IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            Add(option);
        }
    }
}

/// <summary>The usual help, then the command's examples.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult result)
    {
        // The help is sized for the terminal; without one, lines would otherwise be cut at nothing at all.
        help.MaxWidth = Console.IsOutputRedirected ? 120 : Math.Max(30, Console.WindowWidth);
        help.Invoke(result);
        if (result.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            TextWriter output = result.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in verb.Examples)
            {
                output.WriteLine($"  foretell {example}");
            }
            output.WriteLine();
        }
        return ExitCode.Success;
    }
}
