using Foretell.Ingest.Decoding;
using Spectre.Console;

namespace Foretell.Cli.Shell;

/// <summary>The two consoles: results go to standard output, errors and remarks to standard error.</summary>
public static class Terminal
{
    /// <summary>Standard output.</summary>
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error.</summary>
    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>True when standard output is a terminal that can redraw lines, so that bars and live views make sense.</summary>
    public static bool IsInteractive => !Console.IsOutputRedirected && Out.Profile.Capabilities.Ansi;

    /// <summary>A text as Spectre's markup shows it, whatever is in it: stream keys, marks and reasons come from elsewhere.</summary>
    public static string Escape(string text) => Markup.Escape(VisibleText.Of(text));

    /// <summary>Writes lines to standard output as they are, but for what would steer the terminal.</summary>
    public static void WriteLine(string text) => Console.Out.WriteLine(VisibleText.OfLines(text));

    /// <summary>Writes the one sentence that says what went wrong.</summary>
    public static void WriteError(string sentence)
    {
        sentence = VisibleText.OfLines(sentence);
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"error: {sentence}");
        }
        else
        {
            Error.MarkupLineInterpolated($"[red]error:[/] {sentence}");
        }
    }

    /// <summary>Writes a remark for people, beside whatever a program may read from standard output.</summary>
    public static void WriteNote(string sentence)
    {
        sentence = VisibleText.OfLines(sentence);
        if (IsInteractive && !Console.IsErrorRedirected)
        {
            // Both are the same terminal, and a bar may be on it: its own console puts lines above the bar.
            Out.WriteLine(sentence);
        }
        else
        {
            Console.Error.WriteLine(sentence);
        }
    }

    /// <summary>Gives the terminal back where whatever draws on it cannot be ended: with its cursor, on a new line.</summary>
    public static void LeaveScreen()
    {
        if (IsInteractive)
        {
            Console.Out.WriteLine("\e[?25h");
        }
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        if (!redirected)
        {
            return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        }
        // A file or a pipe has no colours and no width to fold lines at; programs look for whole values in it.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = 1000;
        return console;
    }
}
