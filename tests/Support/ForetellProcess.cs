using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Foretell.Support;

/// <summary>How a program ended.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>The one sentence of a failure, without "error: "; remarks may stand before it.</summary>
    public string Sentence => Error.Split('\n').FirstOrDefault(l => l.StartsWith("error: ", StringComparison.Ordinal)) is { } line
        ? line["error: ".Length..]
        : throw new InvalidOperationException($"The program printed no error sentence but: {Error}");
}

/// <summary>The real program, run as a process of its own.</summary>
public sealed partial class ForetellProcess : IAsyncDisposable
{
    /// <summary>Far longer than anything here takes on a busy machine; ends a test that would otherwise hang.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<string> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Found)> _waiters = [];
    private readonly Task _outputEnd;
    private readonly Task _errorEnd;

    private ForetellProcess(string workingDirectory, IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)>? variables = null, string? input = null)
    {
        // A shell starts background jobs with SIGINT ignored, and children inherit that: without env's reset, Ctrl-C would
        // never reach the program where the tests themselves run in the background.
        var start = new ProcessStartInfo("env")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add("--default-signal=INT");
        start.ArgumentList.Add("dotnet");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "foretell.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        // What an exporter or a tracing switch of the machine would add is not what the tests are about.
        start.Environment.Remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        start.Environment.Remove("FORETELL_TRACE");
        foreach ((string name, string value) in variables ?? [])
        {
            start.Environment[name] = value;
        }
        _process = Process.Start(start)!;
        _outputEnd = ReadAsync(_process.StandardOutput, _output);
        _errorEnd = ReadAsync(_process.StandardError, _error);
        _ = FeedAsync(input);
    }

    /// <summary>Address from the "listening on" line.</summary>
    public Task<string> ListeningAsync() => WaitAsync(_listening.Task);

    /// <summary>Most physical memory since it began, or since <see cref="ForgetPeak"/>, bytes.</summary>
    public long PeakMemoryBytes => ReadStatus("VmHWM:");

    /// <summary>Processor time that the program has taken.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Lets the peak begin anew.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{Program}/clear_refs", "5");

    /// <summary>Runs a command to its end.</summary>
    public static async Task<ProcessResult> RunAsync(string workingDirectory, params string[] arguments)
    {
        await using var process = new ForetellProcess(workingDirectory, arguments);
        return await process.EndAsync();
    }

    /// <summary>Runs a command to its end with one more environment variable.</summary>
    public static Task<ProcessResult> RunWithAsync(string workingDirectory, (string Name, string Value) variable,
        params string[] arguments) => RunWithAsync(workingDirectory, [variable], arguments);

    /// <summary>Runs a command to its end with more environment variables.</summary>
    public static async Task<ProcessResult> RunWithAsync(string workingDirectory, IEnumerable<(string Name, string Value)> variables,
        params string[] arguments)
    {
        await using var process = new ForetellProcess(workingDirectory, arguments, variables);
        return await process.EndAsync();
    }

    /// <summary>Starts a command that goes on until it is stopped.</summary>
    public static ForetellProcess Start(string workingDirectory, params string[] arguments) => new(workingDirectory, arguments);

    /// <summary>Starts a command whose standard input is a pipe that gives a file's content.</summary>
    public static ForetellProcess StartReading(string workingDirectory, string input, params string[] arguments) =>
        new(workingDirectory, arguments, input: input);

    /// <summary>Starts a command with one more environment variable, which goes on until it is stopped.</summary>
    public static ForetellProcess StartWith(string workingDirectory, (string Name, string Value) variable, params string[] arguments) =>
        new(workingDirectory, arguments, [variable]);

    /// <summary>Starts an empty host on a free port and waits until it listens.</summary>
    public static async Task<(ForetellProcess Host, Uri Url)> StartHostAsync(TemporaryFolder folder, params string[] arguments)
    {
        ForetellProcess host = StartHost(folder, [], arguments);
        return (host, new Uri(await host.ListeningAsync()));
    }

    /// <summary>Starts an empty host on a free port with more environment variables, and does not wait.</summary>
    public static ForetellProcess StartHost(TemporaryFolder folder, IEnumerable<(string Name, string Value)> variables,
        params string[] arguments) =>
        new(folder.Path, ["run", "--no-demo", "--urls", "http://127.0.0.1:0", .. arguments], variables);

    /// <summary>The first line of standard output, past or future, that matches.</summary>
    public Task<string> LineAsync(Func<string, bool> matches)
    {
        lock (_output)
        {
            if (_output.ToString().Split('\n').FirstOrDefault(matches) is { } line)
            {
                return Task.FromResult(line);
            }
            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((matches, found));
            return WaitAsync(found.Task);
        }
    }

    /// <summary>Waits for the end.</summary>
    public async Task<ProcessResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        await _process.WaitForExitAsync(limit.Token);
        await Task.WhenAll(_outputEnd, _errorEnd);
        return new ProcessResult(_process.ExitCode, _output.ToString(), _error.ToString());
    }

    /// <summary>Kill -9: the process gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>What Ctrl-C sends.</summary>
    public async Task<ProcessResult> InterruptAsync()
    {
        const int interrupt = 2;
        Assert.Equal(0, Signal(_process.Id, interrupt));
        return await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }
        _process.Dispose();
    }

    /// <summary>Env becomes the program that it starts, and keeps its number.</summary>
    private int Program => _process.Id;

    private long ReadStatus(string name) => 1024 * long.Parse(
        File.ReadLines($"/proc/{Program}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..^"kB".Length],
        System.Globalization.CultureInfo.InvariantCulture);

    private async Task FeedAsync(string? input)
    {
        await using Stream to = _process.StandardInput.BaseStream;
        if (input is not null)
        {
            await using FileStream from = File.OpenRead(input);
            await from.CopyToAsync(to);
        }
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                into.Append(line).Append('\n');
                if (ReferenceEquals(into, _error))
                {
                    continue;
                }
                foreach ((Func<string, bool> _, TaskCompletionSource<string> found) in _waiters.Where(w => w.Matches(line)))
                {
                    found.TrySetResult(line);
                }
            }
            if (ListeningLine().Match(line) is { Success: true } match)
            {
                _listening.TrySetResult(match.Groups[1].Value);
            }
        }
        _listening.TrySetException(new InvalidOperationException("The program ended before it listened."));
    }

    /// <summary>Waits for a line, or fails with everything that the program said instead.</summary>
    private async Task<string> WaitAsync(Task<string> line)
    {
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            Task ended = _process.WaitForExitAsync(limit.Token);
            if (await Task.WhenAny(line, ended) == ended)
            {
                await ended;
                await Task.WhenAll(_outputEnd, _errorEnd);
            }
            return line.IsCompletedSuccessfully ? await line : throw new InvalidOperationException("The program ended.");
        }
        catch (Exception failure) when (failure is InvalidOperationException or OperationCanceledException)
        {
            throw new InvalidOperationException($"The expected line never came. Output:\n{_output}\nErrors:\n{_error}", failure);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);

    [GeneratedRegex(@"^listening on (https?://\S+)")]
    private static partial Regex ListeningLine();
}
