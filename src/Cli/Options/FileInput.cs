using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.Files;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host is fed a file.</summary>
internal sealed class FileInputOptions
{
    public Option<string> File { get; } =
        Settings.Text("--file", "file", "Event file to feed first, through the whole path; no demo then.");

    public Option<EventColumns?> Columns { get; } = CommonSettings.Columns();

    public Option<bool> Exit { get; } = Settings.Flag("--exit", "End once the file is applied and committed, and print what it came to.");

    public Option<bool> Json { get; } = CommonSettings.Json("With --exit: print one JSON object.");

    /// <summary>What was asked for; null without a file.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">There is no such file.</exception>
    public FileInput? Read(ParseResult parsed)
    {
        string? file = parsed.GetValue(File);
        EventColumns? columns = parsed.GetValue(Columns);
        bool exit = parsed.GetValue(Exit), json = parsed.GetValue(Json);
        if (exit && file is null)
        {
            throw new UsageException("--exit ends the run after a file; name the file with --file.");
        }
        if (json && !exit)
        {
            throw new UsageException("--json prints the result of --file with --exit; add --exit.");
        }
        if (file is not null && !System.IO.File.Exists(file))
        {
            throw new CliException($"There is no file {file}.");
        }
        if (columns is not null && file is null)
        {
            throw new UsageException("--columns describes the file of --file; name the file.");
        }
        return file is null ? null : new FileInput(file, columns, exit, json);
    }
}

/// <summary>A file to feed into a host.</summary>
/// <param name="File">Its path.</param>
/// <param name="Columns">Its columns when it is CSV, or null for the default names.</param>
/// <param name="Exit">End with it, and print what it came to.</param>
/// <param name="Json">As JSON.</param>
internal sealed record FileInput(string File, EventColumns? Columns, bool Exit, bool Json);
