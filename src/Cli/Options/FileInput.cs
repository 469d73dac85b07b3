using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;

namespace Foretell.Cli.Options;

/// <summary>The options by which a host is fed a file.</summary>
internal sealed class FileInputOptions
{
    public Option<string> File { get; } =
        Settings.Text("--file", "file", $"Event file to feed first, through the whole path; no demo then. {CommonSettings.FileKinds}");

    public Option<EventColumns?> Columns { get; } = CommonSettings.Columns();

    public Option<TimeZoneInfo?> Zone { get; } = CommonSettings.Zone();

    public Option<bool> Sort { get; } = CommonSettings.Sort();

    public Option<bool> Exit { get; } = Settings.Flag("--exit", "End once the file is applied and committed, and print what it came to.");

    public Option<bool> Json { get; } = CommonSettings.Json("With --exit: print one JSON object.");

    /// <summary>Every option, as a verb lists them.</summary>
    public IEnumerable<Option> All => [File, Columns, Zone, Sort, Exit, Json];

    /// <summary>What was asked for; null without a file.</summary>
    /// <exception cref="UsageException">An option needs another one.</exception>
    /// <exception cref="CliException">There is no such file.</exception>
    public FileInput? Read(ParseResult parsed)
    {
        string? file = parsed.GetValue(File);
        EventColumns? columns = parsed.GetValue(Columns);
        TimeZoneInfo? zone = parsed.GetValue(Zone);
        bool sort = parsed.GetValue(Sort);
        bool exit = parsed.GetValue(Exit), json = parsed.GetValue(Json);
        if (exit && file is null)
        {
            throw new UsageException("--exit ends the run after a file; name the file with --file.");
        }
        if (json && !exit)
        {
            throw new UsageException("--json prints the result of --file with --exit; add --exit.");
        }
        if (file is not null && file != InputFile.StandardInput && !Path.Exists(file))
        {
            throw new CliException($"There is no file {file}.");
        }
        if (file is not null)
        {
            return new FileInput(file, columns, zone, sort, exit, json);
        }
        string? orphan = columns is not null ? "--columns" : zone is not null ? "--time-zone" : sort ? "--sort" : null;
        return orphan is null ? null : throw new UsageException($"{orphan} describes the file of --file; name the file.");
    }
}

/// <summary>A file to feed into a host.</summary>
/// <param name="File">Its path.</param>
/// <param name="Columns">Its columns when it is CSV, or null for the default names.</param>
/// <param name="Zone">Zone of its times without an offset, or null where there are none.</param>
/// <param name="Sort">Sort it by time first.</param>
/// <param name="Exit">End with it, and print what it came to.</param>
/// <param name="Json">As JSON.</param>
internal sealed record FileInput(string File, EventColumns? Columns, TimeZoneInfo? Zone, bool Sort, bool Exit, bool Json);
