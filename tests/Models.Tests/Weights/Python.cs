using System.Diagnostics;

namespace Foretell.Models.Tests.Weights;

/// <summary>Python's standard library as a second reader of files.</summary>
internal static class Python
{
    private static readonly bool s_found = Probe();

    /// <summary>Skips the test at work, saying so, where there is no python3.</summary>
    public static void SkipWithout() =>
        Assert.SkipUnless(s_found, "python3 is not on PATH; the file's layout was not checked by a second reader.");

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
