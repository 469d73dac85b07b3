using System.CommandLine;
using System.CommandLine.Parsing;

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
        string? nearest = Nearest(word, candidates);
        return nearest is null ? $"unknown {what} '{word}'." : $"unknown {what} '{word}'; did you mean '{nearest}'?";
    }

    /// <summary>The candidate fewest edits away, if that is few for its length.</summary>
    internal static string? Nearest(string word, IEnumerable<string> candidates) => candidates
        .Select(c => (Name: c, Edits: EditDistance(word, c)))
        .Where(c => c.Edits <= Math.Max(2, c.Name.Length / 3) || c.Name.StartsWith(word, StringComparison.Ordinal))
        .OrderBy(c => c.Edits).ThenBy(c => c.Name, StringComparer.Ordinal)
        .Select(c => c.Name).FirstOrDefault();

    /// <summary>Insertions, deletions and replacements from one word to the other (Levenshtein).</summary>
    internal static int EditDistance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.Length];
    }
}
