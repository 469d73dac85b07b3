using System.Diagnostics;

namespace Foretell.Models.Tests;

/// <summary>A test that asks python3's standard library for a second opinion; skipped, saying so, where there is none.</summary>
public sealed class PythonFactAttribute : FactAttribute
{
    private static readonly bool Found = Probe();

    public PythonFactAttribute()
    {
        if (!Found)
        {
            Skip = "python3 is not on PATH; the file's layout was not checked by a second reader.";
        }
    }

    private static bool Probe()
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo("python3", "--version")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            return process is not null && process.WaitForExit(10_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
