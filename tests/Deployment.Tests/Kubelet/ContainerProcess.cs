using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>One run of a container: a process with just the environment that its pod gives it.</summary>
internal sealed partial class ContainerProcess : IDisposable
{
    private const int Terminate = 15, KillAtOnce = 9;

    /// <summary>What the runtime needs to be found; everything else of this process's environment is no business of a pod.</summary>
    private static readonly string[] s_kept = ["PATH", "HOME", "DOTNET_ROOT"];

    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private ContainerProcess(Process process)
    {
        _process = process;
        Exited = EndAsync(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>Completes with the exit code once the process is gone.</summary>
    public Task<int> Exited { get; }

    /// <summary>What it wrote.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>The most memory that it has had at a time, bytes; 0 once it is gone.</summary>
    public long PeakMemory
    {
        get
        {
            const string Field = "VmHWM:";
            try
            {
                string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(Field, StringComparison.Ordinal));
                return 1024 * long.Parse(line[Field.Length..^"kB".Length], CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Its variables.</param>
    public static ContainerProcess Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (string other in start.Environment.Keys.Except(s_kept).ToArray())
        {
            start.Environment.Remove(other);
        }
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }
        return new ContainerProcess(Process.Start(start)!);
    }

    /// <summary>SIGTERM: it is asked to end.</summary>
    public void Stop() => Signal(_process.Id, Terminate);

    /// <summary>SIGKILL.</summary>
    public void Kill() => Signal(_process.Id, KillAtOnce);

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private async Task<int> EndAsync(params Task[] output)
    {
        await _process.WaitForExitAsync();
        await Task.WhenAll(output);
        return _process.ExitCode;
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.Append(line).Append('\n');
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
