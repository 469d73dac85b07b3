using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Foretell.Cli.Shell;

namespace Foretell.Silo.Tests.Support;

/// <summary>One silo in a process of its own.</summary>
public sealed partial class SiloProcess : IAsyncDisposable
{
    private const int Terminate = 15, Stop = 19, Continue = 18;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new(), _errors = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _outputEnd, _errorEnd;

    private SiloProcess(IReadOnlyDictionary<string, string> settings, SiloLaunch launch, string[] arguments)
    {
        (Roles, Launch) = (settings.GetValueOrDefault("Roles"), launch);
        string[] command = [.. launch.Prefix, "dotnet", launch.Program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        // All silos are on this machine, also where the tests run in a pod.
        start.Environment["FORETELL__ADDRESS"] = "127.0.0.1";
        foreach ((string name, string value) in settings)
        {
            start.Environment["FORETELL__" + name.ToUpperInvariant()] = value;
        }
        foreach ((string name, string value) in launch.Environment)
        {
            start.Environment[name] = value;
        }
        _process = Process.Start(start)!;
        _outputEnd = ReadAsync(_process.StandardOutput, _output);
        _errorEnd = ReadAsync(_process.StandardError, _errors);
    }

    /// <summary>Roles that it was given, as they were written.</summary>
    public string? Roles { get; }

    /// <summary>Program that it is.</summary>
    public SiloLaunch Launch { get; }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Where its HTTP is.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>True once the process is gone.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>True once it was a member of the cluster and listened.</summary>
    public bool HasJoined => _listening.Task.IsCompletedSuccessfully;

    /// <summary>Waits until its log has a word.</summary>
    public async Task SaysAsync(string word)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (!Errors.Contains(word, StringComparison.Ordinal))
        {
            Assert.False(limit.IsCancellationRequested, $"Its log has no '{word}': {Errors}");
            await Task.Delay(50);
        }
    }

    /// <summary>Where its log says that its metrics are.</summary>
    public async Task<Uri> MetricsAsync()
    {
        await SaysAsync("Metrics for Prometheus are at ");
        return new Uri(MetricsLine().Match(Errors).Groups[1].Value);
    }

    /// <summary>What it wrote to its log.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts a silo and waits for nothing.</summary>
    public static SiloProcess Begin(IReadOnlyDictionary<string, string> settings, SiloLaunch? launch = null) =>
        new(settings, launch ?? SiloLaunch.Today, []);

    /// <summary>Starts a silo and waits until it is a member and listens.</summary>
    public static async Task<SiloProcess> StartAsync(IReadOnlyDictionary<string, string> settings, SiloLaunch? launch = null)
    {
        SiloProcess silo = Begin(settings, launch);
        try
        {
            await silo.ListeningAsync();
            return silo;
        }
        catch (Exception e)
        {
            await silo.DisposeAsync();
            throw new InvalidOperationException($"The silo did not start: {silo._output}\n{silo._errors}", e);
        }
    }

    /// <summary>Waits until it is a member and listens.</summary>
    public async Task ListeningAsync() => Url = await _listening.Task.WaitAsync(s_limit);

    /// <summary>Runs the program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(IReadOnlyDictionary<string, string> settings,
        params string[] arguments)
    {
        await using var silo = new SiloProcess(settings, SiloLaunch.Today, arguments);
        await silo.EndAsync();
        return (silo._process.ExitCode, silo._output.ToString(), silo._errors.ToString());
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>What an orchestrator sends; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Assert.Equal(0, Signal(_process.Id, Terminate));
        await EndAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP: the process stands still in the middle of whatever it does.</summary>
    public void Pause() => Assert.Equal(0, Signal(_process.Id, Stop));

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signal(_process.Id, Continue);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }
        await Task.WhenAll(_outputEnd, _errorEnd);
        _process.Dispose();
    }

    private async Task EndAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        await _process.WaitForExitAsync(limit.Token);
        await Task.WhenAll(_outputEnd, _errorEnd);
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (into)
            {
                into.Append(line).Append('\n');
            }
            if (ReferenceEquals(into, _output) && line.StartsWith("listening on ", StringComparison.Ordinal))
            {
                _listening.TrySetResult(new Uri(line["listening on ".Length..].Split(' ')[0]));
            }
        }
        if (ReferenceEquals(into, _output))
        {
            _listening.TrySetException(new InvalidOperationException("The silo ended before it listened."));
        }
    }

    [GeneratedRegex(@"Metrics for Prometheus are at (\S+)\s")]
    private static partial Regex MetricsLine();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
