using System.ComponentModel;
using System.Diagnostics;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests.Schemas;

/// <summary>Runs the scripts of this folder, beside the packages that they import.</summary>
internal static class SchemaPackages
{
    private const string Scripts = "tests/Kubernetes.Tests/Schemas", Lock = "package-lock.json";

    /// <summary>Where ./test installs the packages, out of version control.</summary>
    private static readonly string s_folder = Repository.At("artifacts/tools/schemas");

    private static readonly Lazy<string?> s_problem = new(FindProblem);

    /// <summary>Skips the test at work where the packages are not there, and says what to do.</summary>
    public static void SkipWithoutThem() => Assert.SkipWhen(s_problem.Value is not null, s_problem.Value ?? "");

    /// <summary>What a script finds wrong with a text, one sentence each.</summary>
    public static async Task<IReadOnlyList<string>> CheckAsync(string script, string text)
    {
        using var folder = new TemporaryFolder();
        (int exitCode, string output, string errors) = await RunAsync(Path.Combine(s_folder, script), folder.Write("text.yaml", text));
        Assert.True(exitCode == 0, $"{script} ended with {exitCode}: {errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string? FindProblem()
    {
        const string WhatToDo = "so nothing is held against the schemas. Install node 20 with npm, and let ./test get the packages.";
        string installed = Path.Combine(s_folder, Lock), wanted = Repository.At($"{Scripts}/{Lock}");
        if (!Directory.Exists(Path.Combine(s_folder, "node_modules")) || !File.Exists(installed))
        {
            return $"The npm packages of {Scripts} are not installed, {WhatToDo}";
        }
        if (!File.ReadAllBytes(installed).AsSpan().SequenceEqual(File.ReadAllBytes(wanted)))
        {
            return $"The npm packages that are installed are not those of {Scripts}/{Lock}, {WhatToDo}";
        }
        foreach (string script in Directory.EnumerateFiles(Repository.At(Scripts), "*.mjs"))
        {
            File.Copy(script, Path.Combine(s_folder, Path.GetFileName(script)), overwrite: true);
        }
        try
        {
            RunAsync("--version").GetAwaiter().GetResult();
            return null;
        }
        catch (Win32Exception)
        {
            return $"node is not on the PATH, {WhatToDo}";
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("node", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
