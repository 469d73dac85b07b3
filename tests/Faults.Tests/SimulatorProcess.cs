using System.Diagnostics;
using System.Globalization;

namespace Foretell.Faults.Tests;

/// <summary>The simulator, which has a process of its own: there everything runs on one thread.</summary>
internal sealed record SimulatorProcess(int ExitCode, string Output)
{
    /// <summary>Runs it to its end.</summary>
    public static async Task<SimulatorProcess> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Foretell.Faults.dll") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Array.ForEach(arguments, start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new SimulatorProcess(process.ExitCode, await output + await error);
    }

    /// <summary>Fails the test with what the simulator said, unless every promise held.</summary>
    public SimulatorProcess AssertHeld()
    {
        Assert.True(ExitCode == 0, Output);
        return this;
    }

    /// <summary>The numbers that it printed, each behind its name.</summary>
    public Dictionary<string, long> Numbers() => Output.Split('\n').Select(line => line.Split(' '))
        .Where(words => words.Length > 1 && long.TryParse(words[^1], out _))
        .GroupBy(words => string.Join(' ', words[..^1]))
        .ToDictionary(line => line.Key, line => line.Sum(words => long.Parse(words[^1], CultureInfo.InvariantCulture)));
}
