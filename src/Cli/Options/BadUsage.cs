using System.CommandLine;
using System.CommandLine.Parsing;
using Foretell.Ingest.Decoding;

namespace Foretell.Cli.Options;

/// <summary>Says in one sentence why a command line could not be understood, and what the user may have meant.</summary>
internal static class BadUsage
{
    /// <summary>The full name of a command, as typed: "foretell train".</summary>
    public static string FullName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "foretell";

    public static string Describe(ParseResult parsed)
    {
        // An unknown word first: a missing option is often just a misspelt one.
        if (parsed.UnmatchedTokens.Count > 0)
        {
            return Unknown(parsed.UnmatchedTokens[0], parsed.CommandResult.Command);
        }
        if (parsed.CommandResult.Command is RootCommand root)
        {
            return $"no command was given; expected one of: {string.Join(", ", root.Subcommands.Select(c => c.Name))}.";
        }
        List<string> missing = [.. parsed.CommandResult.Command.Options
            .Where(o => o.Required && (parsed.GetResult(o)?.IdentifierTokenCount ?? 0) == 0).Select(o => o.Name)];
        return missing.Count > 0
            ? $"{string.Join(" and ", missing)} {(missing.Count == 1 ? "is" : "are")} needed."
            : parsed.Errors[0].Message;
    }

    private static string Unknown(string word, Command command)
    {
        bool isOption = word.StartsWith('-');
        string what = isOption ? "option" : command is RootCommand ? "command" : "argument";
        IEnumerable<string> candidates = isOption
            ? command.Options.Select(o => o.Name)
            : command.Subcommands.Select(c => c.Name);
        string? nearest = NearestName.Of(word, candidates);
        return nearest is null ? $"unknown {what} '{word}'." : $"unknown {what} '{word}'; did you mean '{nearest}'?";
    }
}
