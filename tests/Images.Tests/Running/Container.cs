using System.Diagnostics;
using System.Globalization;
using System.Text;
using Foretell.Images.Tests.Building;
using Foretell.Support;

namespace Foretell.Images.Tests.Running;

/// <summary>A container at work, run by runc.</summary>
internal sealed class Container : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private static int s_containers;

    private readonly TemporaryFolder _bundle = new();
    private readonly string _id =
        string.Create(CultureInfo.InvariantCulture, $"foretell-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_containers)}");
    private readonly StringBuilder _said = new();
    private readonly Process _runc;

    private Container(ContainerPlan plan)
    {
        _bundle.Write("config.json", RuntimeSpec.Of(plan));
        _runc = new Process
        {
            StartInfo = new ProcessStartInfo("runc",
                ["--root", _bundle.At("state"), "run", "--bundle", _bundle.Path, "--pid-file", _bundle.At("pid"), _id])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _runc.OutputDataReceived += (_, line) => Add(line.Data);
        _runc.ErrorDataReceived += (_, line) => Add(line.Data);
        _runc.Start();
        _runc.BeginOutputReadLine();
        _runc.BeginErrorReadLine();
    }

    /// <summary>Everything that it wrote so far.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _runc.HasExited;

    /// <summary>Starts a container and waits for nothing.</summary>
    public static Container Start(ContainerPlan plan) => new(plan);

    /// <summary>Runs a container to its end; returns its exit code and what it said.</summary>
    public static async Task<(int ExitCode, string Said)> RunAsync(ContainerPlan plan)
    {
        await using Container container = Start(plan);
        return (await container.EndAsync(), container.Said);
    }

    /// <summary>What /proc of this machine has in a file about its first process.</summary>
    public Task<string> ProcAsync(string file) => File.ReadAllTextAsync($"/proc/{File.ReadAllText(_bundle.At("pid"))}/{file}");

    /// <summary>Sends SIGTERM, waits for the end, and returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await Command.RunAsync("runc", "--root", _bundle.At("state"), "kill", _id, "TERM");
        return await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Kills what still runs and takes its cgroups away; of a container that has ended there is nothing left to delete.
        await Command.TryAsync("runc", "--root", _bundle.At("state"), "delete", "--force", _id);
        await EndAsync();
        _runc.Dispose();
        _bundle.Dispose();
    }

    private async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        await _runc.WaitForExitAsync(limit.Token);
        return _runc.ExitCode;
    }

    private void Add(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
