using System.Diagnostics;
using Foretell.Cli.Shell;

namespace Foretell.Cli.Cluster;

/// <summary>One silo in a process of its own. It stops when its standard input ends: at our word, or with this process, however
/// that ends.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const string Program = "foretell-silo";
    private const string ListeningOn = "listening on ";
    private const int KeptLines = 20;

    /// <summary>Beyond the silo's own limit for a graceful stop.</summary>
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();
    private readonly Action<string, string>? _log;
    private readonly TaskCompletionSource<Uri[]> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output, _errors;
    private TimeSpan _cpu;

    /// <summary>Starts the program.</summary>
    /// <param name="program">How.</param>
    /// <param name="label">What people call this silo: "silo 2".</param>
    /// <param name="settings">Its settings, by name as the environment has them behind "FORETELL__": no other user reads the password
    /// there.</param>
    /// <param name="log">Takes its label and each line of its log from when it listens; null keeps only the last ones, for the case that it
    /// fails.</param>
    /// <param name="arguments">Its arguments.</param>
    public SiloProcess(SiloProgram program, string label, IReadOnlyDictionary<string, string> settings,
        Action<string, string>? log,
        params string[] arguments)
    {
        (Label, _log) = (label, log);
        var start = new ProcessStartInfo(program.Command[0], [.. program.Command.Skip(1), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in settings)
        {
            start.Environment[$"FORETELL__{name}"] = value;
        }
        start.Environment["FORETELL__STOPWITHINPUT"] = "true";
        // All silos are on this machine, be it a pod's; and their database is there or is missing, which its user is told at once.
        start.Environment["FORETELL__ADDRESS"] = "127.0.0.1";
        start.Environment["FORETELL__STARTSECONDS"] = "0";
        // Its failures come as one sentence; the host's own account of them is a stack trace.
        start.Environment["Logging__LogLevel__Foretell"] = "Warning";
        start.Environment["Logging__LogLevel__Microsoft.Extensions.Hosting.Internal.Host"] = "None";
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new CliException($"{program.Command[0]} cannot be run: {failure.Message}.", failure);
        }
        _output = ReadAsync(_process.StandardOutput, OnOutput);
        _errors = ReadAsync(_process.StandardError, OnError);
    }

    /// <summary>What people call it.</summary>
    public string Label { get; }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>"silo 2 (pid 4711)".</summary>
    public string Name => $"{Label} (pid {Id})";

    /// <summary>Where its HTTP is, once <see cref="ListeningAsync"/> has returned.</summary>
    public IReadOnlyList<Uri> Urls { get; private set; } = [];

    /// <summary>True once it is gone.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>How it ended, in words.</summary>
    public string End => _process.ExitCode > 128
        ? $"{Name} was ended by signal {_process.ExitCode - 128}."
        : $"{Name} ended with exit code {_process.ExitCode}: {OneLine.WithoutTrace(LastWords())}";

    /// <summary>Processor time of all its threads; after its end what was last seen.</summary>
    public TimeSpan Cpu
    {
        get
        {
            try
            {
                _process.Refresh();
                _cpu = _process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                // It has ended.
            }
            return _cpu;
        }
    }

    /// <summary>Waits until it is a member of the cluster and listens.</summary>
    /// <exception cref="CliException">It ended instead; the message has its last words.</exception>
    public async Task ListeningAsync(CancellationToken cancellation)
    {
        if (await Task.WhenAny(_listening.Task, _output).WaitAsync(cancellation) != _listening.Task && !_listening.Task.IsCompleted)
        {
            await EndedAsync(cancellation);
            throw new CliException($"{Label} did not start: {LastWords()}");
        }
        Urls = await _listening.Task;
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndedAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        await Task.WhenAll(_output, _errors).WaitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>Tells it to stop: it commits and leaves the cluster.</summary>
    public void Stop()
    {
        _ = Cpu;
        _process.StandardInput.Close();
    }

    /// <summary>Stops it, and ends it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        using (var limit = new CancellationTokenSource(s_stopLimit))
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (!_process.HasExited)
        {
            _process.Kill();
        }
        await EndedAsync(CancellationToken.None);
        _process.Dispose();
    }

    /// <summary>The sentence that the program ends with, or whatever it said last.</summary>
    public string LastWords()
    {
        lock (_lastLines)
        {
            return _lastLines.LastOrDefault(l => l.StartsWith($"{Program}: ", StringComparison.Ordinal))?[(Program.Length + 2)..]
                ?? (_lastLines.Count > 0 ? string.Join(' ', _lastLines.TakeLast(3)) : "it said nothing.");
        }
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            take(line);
        }
    }

    private void OnOutput(string line)
    {
        if (line.StartsWith(ListeningOn, StringComparison.Ordinal))
        {
            _listening.TrySetResult([.. line[ListeningOn.Length..].Split(' ').Select(url => new Uri(url))]);
        }
    }

    private void OnError(string line)
    {
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > KeptLines)
            {
                _lastLines.Dequeue();
            }
        }
        // What goes wrong before it listens comes as the sentence of a failed start.
        if (Urls.Count > 0)
        {
            _log?.Invoke(Label, line);
        }
    }
}
