using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Foretell.Support;

namespace Foretell.Cli.Tests.Screen;

/// <summary>The program on a terminal, as people see it: a pseudo-terminal of a given size, and the key Ctrl-C.</summary>
public sealed class TerminalTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TerminalTheory]
    [InlineData(20, 24)]
    [InlineData(40, 24)]
    [InlineData(50, 10)]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public async Task Demo_WhateverTheTerminalsSize_ShowsItselfUntilCtrlC(int columns, int rows)
    {
        using var limit = new CancellationTokenSource(s_limit);
        string program = Path.Combine(AppContext.BaseDirectory, "foretell.dll");
        var start = new ProcessStartInfo("env",
        [
            "--default-signal=INT", "script", "-qefc",
            $"stty cols {columns} rows {rows}; exec dotnet '{program}' run --urls http://127.0.0.1:0", "/dev/null",
        ])
        {
            WorkingDirectory = _folder.Path, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        using Process terminal = Process.Start(start)!;
        try
        {
            var seen = new StringBuilder();
            await ReadUntilAsync(terminal, seen, "Ctrl-C stops", limit.Token);

            await terminal.StandardInput.WriteAsync("\x03".AsMemory(), limit.Token);
            await terminal.StandardInput.FlushAsync(limit.Token);

            await ReadUntilAsync(terminal, seen, null, limit.Token);
            await terminal.WaitForExitAsync(limit.Token);
            Assert.True(terminal.ExitCode == 0, seen.ToString());
            Assert.Contains("stopping with a last commit", seen.ToString());
        }
        finally
        {
            if (!terminal.HasExited)
            {
                terminal.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Reads what the terminal shows until a text has come, or to the end.</summary>
    private static async Task ReadUntilAsync(Process terminal, StringBuilder seen, string? text, CancellationToken cancellation)
    {
        char[] buffer = new char[4096];
        while (text is null || !seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await terminal.StandardOutput.ReadAsync(buffer, cancellation);
            if (count == 0)
            {
                Assert.True(text is null, $"The program ended before it showed '{text}': {seen}");
                return;
            }
            seen.Append(buffer, 0, count);
        }
    }
}

/// <summary>A theory that needs util-linux's <c>script</c>, which makes pseudo-terminals.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        if (!OperatingSystem.IsLinux() || !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, "script"))))
        {
            Skip = "The program 'script' of util-linux is not on the PATH: no pseudo-terminal can be made.";
        }
    }
}
