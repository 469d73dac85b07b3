using System.Diagnostics;
using Foretell.Support;

namespace Foretell.Images.Tests.Building;

/// <summary>Runs programs to their end.</summary>
internal static class Command
{
    /// <summary>What a program wrote to its output.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message has what it said.</exception>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await TryAsync(program, arguments);
        return exitCode == 0 ? output : throw new InvalidOperationException(
            $"'{program} {string.Join(' ', arguments)}' ended with {exitCode}:\n{Last(output)}\n{Last(errors)}");
    }

    /// <summary>Exit code, output and errors of a program.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> TryAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Tools of .NET are those of the folder, and of those above it.
            WorkingDirectory = Repository.Root,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    /// <summary>True when the PATH leads to a program.</summary>
    public static bool Exists(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>The end of a long text, where builders say what went wrong.</summary>
    private static string Last(string text) => text.Length < 4000 ? text : text[^4000..];
}
