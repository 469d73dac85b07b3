using System.Diagnostics;

namespace Foretell.Models.Gpu.Tests.Scripts;

/// <summary>Runs Python where it is installed.</summary>
internal static class PythonProgram
{
    private static readonly string? s_python = Find();

    /// <summary>Runs a script; the test is skipped where there is no Python.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        Assert.SkipWhen(s_python is null, "Python 3.9 or later is not installed; the GPU script's Python side was not tested.");
        return await RunProgramAsync(s_python!, arguments);
    }

    /// <summary>Runs a program.</summary>
    /// <param name="path">Where it looks for programs; null for the same places as this one.</param>
    public static async Task<(int Code, string Output, string Error)> RunProgramAsync(string program, string[] arguments,
        string? path = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (path is not null)
        {
            start.Environment["PATH"] = path;
        }
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, error);
    }

    private static string? Find()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("python3", ["-c", "import math; math.nextafter"])
            {
                RedirectStandardError = true,
            })!;
            process.WaitForExit();
            return process.ExitCode == 0 ? "python3" : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
