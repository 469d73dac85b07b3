using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Foretell.Rendering;

/// <summary>Renders folders of manifests by <c>kubectl kustomize</c>, which needs no server.</summary>
internal static class Kustomize
{
    private static readonly Lazy<string?> s_problem = new(FindProblem);

    private static readonly ConcurrentDictionary<string, Task<string>> s_rendered = new();

    /// <summary>Skips the test at work where nothing can render, and says what to install.</summary>
    public static void SkipWithoutIt() => Assert.SkipWhen(s_problem.Value is not null, s_problem.Value ?? "");

    /// <summary>The rendered manifests of a folder, each folder once a run.</summary>
    public static Task<string> RenderAsync(string folder) => s_rendered.GetOrAdd(folder, RenderOnceAsync);

    private static async Task<string> RenderOnceAsync(string folder)
    {
        (int code, string output, string error) = await RunAsync("kustomize", folder);
        Assert.True(code == 0, $"kubectl kustomize {folder} ended with {code}: {error}");
        return output;
    }

    private static string? FindProblem()
    {
        const string WhatToDo = "Install kubectl 1.30 or newer, or the manifests of k8s/ are not checked.";
        try
        {
            (int code, string output, string error) = RunAsync("version", "--client", "--output=json").GetAwaiter().GetResult();
            string? version = code == 0
                ? JsonDocument.Parse(output).RootElement.GetProperty("kustomizeVersion").GetString() : null;
            // Older ones know no components, replicas and labels.
            return version is ['v', >= '5' and <= '9', '.', ..] ? null
                : $"kubectl renders by kustomize {version ?? error.Trim()}, and 5 is needed. {WhatToDo}";
        }
        catch (Win32Exception)
        {
            return $"kubectl is not on the PATH. {WhatToDo}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            return $"kubectl does not say which kustomize it has. {WhatToDo}";
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
