using System.Diagnostics;
using Foretell.Engine;

namespace Foretell.Cli.Cluster;

/// <summary>Finds the machine's PostgreSQL server programs, and the user that may run them.</summary>
public static class PostgresPrograms
{
    /// <summary>What to do when <see cref="Find"/> finds nothing.</summary>
    public const string HowToInstall =
        "PostgreSQL's programs initdb and postgres were not found. Install them (Debian, Ubuntu: apt install postgresql; "
        + "Fedora: dnf install postgresql-server; macOS: brew install postgresql), or let PG_CONFIG name a pg_config program.";

    /// <summary>The folder with initdb and postgres, or null when the machine has none.</summary>
    /// <param name="folder">Folder to take; null looks where PG_CONFIG, pg_config, PATH and the usual packages have them, newest
    /// version first.</param>
    public static string? Find(string? folder = null) =>
        (folder is null ? Candidates() : [folder]).FirstOrDefault(f => Runs(f, "initdb") && Runs(f, "postgres"));

    /// <summary>PostgreSQL refuses to run as root: what to put before its commands, empty for an ordinary user.</summary>
    /// <exception cref="StorageException">This process is root's, and no other user is there.</exception>
    internal static string[] AsOrdinaryUser()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [];
        }
        string? user = new[] { "postgres", "nobody" }.FirstOrDefault(name => Output("id", "-u", name) is not null);
        if (user is null)
        {
            throw new StorageException("PostgreSQL refuses to run as root, and there is no user 'postgres' to run it as. "
                + "Create one (useradd --system postgres), or run this program as an ordinary user.");
        }
        return Output("setpriv", "--version") is not null
            ? ["setpriv", $"--reuid={user}", $"--regid={Output("id", "-g", user)}", "--clear-groups"]
            : ["runuser", "-u", user, "--"];
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("PG_CONFIG") is { Length: > 0 } named && Output(named, "--bindir") is { } first)
        {
            yield return first;
        }
        if (Output("pg_config", "--bindir") is { } second)
        {
            yield return second;
        }
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            yield return folder;
        }
        foreach ((string parent, string pattern) in new[] { ("/usr/lib/postgresql", "*"), ("/usr", "pgsql-*"),
            ("/opt/homebrew/opt", "postgresql*"), ("/usr/local/opt", "postgresql*") })
        {
            if (Directory.Exists(parent))
            {
                foreach (string version in Directory.GetDirectories(parent, pattern).OrderByDescending(VersionOf))
                {
                    yield return Path.Combine(version, "bin");
                }
            }
        }
    }

    // Asked rather than looked at: a link may lead nowhere, and a client package has some of the programs only.
    private static bool Runs(string folder, string program) =>
        File.Exists(Path.Combine(folder, program)) && Output(Path.Combine(folder, program), "--version") is not null;

    private static double VersionOf(string folder) =>
        double.TryParse(new string([.. Path.GetFileName(folder).Where(c => char.IsAsciiDigit(c) || c == '.')]), out double version)
            ? version : 0;

    /// <summary>First line of what a command prints, or null when it is missing or fails.</summary>
    private static string? Output(string file, params string[] arguments)
    {
        try
        {
            using Process process =
                Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string? line = process.StandardOutput.ReadLine();
            process.WaitForExit();
            return process.ExitCode == 0 ? line : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
