using System.Diagnostics;
using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Engine.Events;

namespace Foretell.Bench;

/// <summary>The embedded host in a process of its own.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string ListeningOn = "listening on ";

    private readonly Process _process;

    private HostProcess(Process process) => _process = process;

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Processor time that it has taken, seconds.</summary>
    public double ProcessorSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The most memory that it ever had resident, bytes (Linux).</summary>
    public long PeakBytes => 1024 * long.Parse(File.ReadLines($"/proc/{Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Starts foretell run on a data directory and waits until it serves.</summary>
    public static async Task<HostProcess> StartAsync(string directory, string model, params string[] more)
    {
        var host = new HostProcess(Process.Start(new ProcessStartInfo("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "foretell.dll"), "run", "--no-demo", "--plain",
            "--urls", "http://127.0.0.1:0", "--data-dir", directory, "--model", model, .. more,
        ])
        { RedirectStandardOutput = true })!);
        while (await host._process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ListeningOn, StringComparison.Ordinal))
            {
                host.Url = new Uri(line[ListeningOn.Length..].Split(' ')[0]);
                // Whatever else it says must not fill the pipe.
                _ = host._process.StandardOutput.ReadToEndAsync();
                return host;
            }
        }
        throw new InvalidOperationException($"The embedded host on {directory} ended before it listened.");
    }

    /// <summary>Waits until a position is applied.</summary>
    public async Task AppliedAsync(Position position)
    {
        using var api = new ApiClient(Url, null);
        while (await api.FindStatusAsync(position.ToString(), CancellationToken.None) is null)
        {
            // It answers after a few seconds at most; then it is asked again.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
