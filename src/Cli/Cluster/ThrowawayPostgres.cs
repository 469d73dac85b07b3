using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Foretell.Engine;

namespace Foretell.Cli.Cluster;

/// <summary>A PostgreSQL server of its own in a temporary folder, on loopback, for demonstrations and tests; gone when disposed.</summary>
/// <remarks>
/// Every start is watched over by a small shell, whose standard input ends with this process, however that ends:
/// it then stops the server and removes the folder. Unix only.
/// </remarks>
public sealed partial class ThrowawayPostgres : IAsyncDisposable
{
    private const int SignalInterrupt = 2, SignalQuit = 3, SignalKill = 9;

    // "$0" is the folder, "$@" the server, in a session of its own so that a Ctrl-C in the terminal does not reach it
    // before its owner has written what it wants to write. The inner shell reads until the end of its input, which
    // comes when the owner ends; when the owner ends the server, there is nothing left to wait for.
    private const string Watch = """
        trap '' INT TERM HUP
        exec 3<&0
        $(command -v setsid) "$@" 3<&- </dev/null &
        server=$!
        { read -r _ <&3; : >"$0/orphaned"; kill -INT $server; } 2>/dev/null >/dev/null &
        watch=$!
        exec 3<&-
        wait $server
        if [ -e "$0/orphaned" ]; then rm -rf "$0"; else kill -KILL $watch; fi
        """;

    private readonly string _programs;
    private readonly string[] _prefix;
    private readonly string _folder;
    private readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Queue<string> _lastLines = new();
    private int _port;
    private Process? _watch;
    private bool _disposed;

    private ThrowawayPostgres(string programs, string[] prefix, string folder) =>
        (_programs, _prefix, _folder) = (programs, prefix, folder);

    /// <summary>Npgsql connection string of the superuser; the same after a restart.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=foretell;Password={_password};Database=postgres;Timeout=5";

    /// <summary>True between a start and the next stop, kill or crash.</summary>
    public bool IsRunning => _watch is { HasExited: false };

    /// <summary>Processor time of all its processes, those included that have ended since the start; null where /proc does not
    /// tell.</summary>
    public TimeSpan? CpuTime
    {
        get
        {
            const int user = 11, system = 12, endedUser = 13, endedSystem = 14;
            const double ticksPerSecond = 100;
            long ticks = 0;
            List<int> processes = IsRunning && Directory.Exists("/proc") ? Processes() : [];
            for (int i = 0; i < processes.Count; i++)
            {
                if (Stat(processes[i]) is { } stat)
                {
                    // Sessions that have ended count with the postmaster, which waited for them.
                    ticks += stat[user] + stat[system] + (i == 0 ? stat[endedUser] + stat[endedSystem] : 0);
                }
            }
            return processes.Count == 0 ? null : TimeSpan.FromSeconds(ticks / ticksPerSecond);
        }
    }

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Makes a server and starts it; it answers when the task completes.</summary>
    /// <param name="programs">Folder of initdb and postgres; null looks for it (<see cref="PostgresPrograms"/>).</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="StorageException">There are no programs, no user to run them as, or they fail; the message says what to
    /// do.</exception>
    public static async Task<ThrowawayPostgres> CreateAsync(string? programs = null, CancellationToken cancellationToken = default)
    {
        string found = PostgresPrograms.Find(programs) ?? throw new StorageException(programs is null
            ? PostgresPrograms.HowToInstall
            : $"The folder {programs} does not hold PostgreSQL's programs initdb and postgres.");
        string[] prefix = PostgresPrograms.AsOrdinaryUser();
        // Made by the server's user, who alone may enter it.
        string[] make = [.. prefix, "mktemp", "-d", Path.Combine(Path.GetTempPath(), "foretell-postgres-XXXXXX")];
        string folder = (await RunAsync(make, "", cancellationToken)).Trim();
        var server = new ThrowawayPostgres(found, prefix, folder);
        try
        {
            string passwordFile = Path.Combine(folder, "password");
            await RunAsync([.. prefix, "sh", "-c", "umask 077; cat > \"$0\"", passwordFile], server._password, cancellationToken);
            await RunAsync([.. prefix, Path.Combine(found, "initdb"), "-D", server.Data, "-U", "foretell",
                $"--pwfile={passwordFile}", "-A", "scram-sha-256",
                "-E", "UTF8", "--no-locale", "--no-sync"], "", cancellationToken);
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server again, on its port, and waits until it takes connections. Does nothing while it runs.</summary>
    /// <exception cref="StorageException">The server ended instead; the message has its last words.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (IsRunning)
            {
                return;
            }
            // Another program may take a free port before the server does; a server that has had its port keeps it.
            bool isNew = _port == 0;
            int attempts = isNew ? 5 : 1;
            for (int attempt = 1; !await TryStartAsync(isNew ? FreePort() : _port, cancellationToken); attempt++)
            {
                if (attempt == attempts)
                {
                    throw new StorageException($"PostgreSQL in {_folder} did not start: {string.Join(" | ", _lastLines)}");
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops the server as an operator would: sessions are ended, everything is written. Its folder stays.</summary>
    public Task StopAsync() => EndAsync(SignalInterrupt);

    /// <summary>Kills every process of the server at once, as the loss of its machine would. Its folder stays.</summary>
    public Task KillAsync() => EndAsync(SignalKill);

    /// <summary>Ends the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }
        await EndAsync(SignalQuit);
        _disposed = true;
        if (Directory.Exists(_folder))
        {
            await RunAsync([.. _prefix, "rm", "-rf", _folder], "", CancellationToken.None);
        }
    }

    private async Task<bool> TryStartAsync(int port, CancellationToken cancellationToken)
    {
        _port = port;
        _lastLines.Clear();
        string[] command =
        [
            .. _prefix, "sh", "-c", Watch, _folder, Path.Combine(_programs, "postgres"), "-D", Data,
            "-c", "listen_addresses=127.0.0.1", "-c", $"port={port.ToString(CultureInfo.InvariantCulture)}", "-c",
                "unix_socket_directories=",
            "-c", "max_connections=200", "-c", "lc_messages=C", "-c", "logging_collector=off", "-c", "log_destination=stderr",
        ];
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _watch = new Process { StartInfo = Info(command), EnableRaisingEvents = true };
        _watch.ErrorDataReceived += (_, line) =>
        {
            // The server says when it is ready; the end of its words says that it is gone.
            Remember(line.Data);
            if (line.Data is null || line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult(line.Data is not null);
            }
        };
        _watch.Start();
        _watch.BeginErrorReadLine();
        _watch.StandardOutput.Close();
        return await ready.Task.WaitAsync(cancellationToken);
    }

    private async Task EndAsync(int signal)
    {
        await _gate.WaitAsync();
        try
        {
            if (_watch is null)
            {
                return;
            }
            List<int> processes = IsRunning ? Processes() : [];
            if (processes.Count == 0)
            {
                // It is only just starting, or gone: the shell ends it.
                _watch.StandardInput.Close();
            }
            foreach (int process in signal == SignalKill ? processes : processes.Take(1))
            {
                _ = Kill(process, signal);
            }
            await _watch.WaitForExitAsync();
            // Only now, so that the shell takes it for the end of the server and not of this process.
            _watch.StandardInput.Close();
            _watch.Dispose();
            _watch = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The server's processes, the postmaster first; none when it has not said yet which that is.</summary>
    private List<int> Processes()
    {
        string file = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file) || !int.TryParse(File.ReadLines(file).FirstOrDefault(), out int postmaster))
        {
            return [];
        }
        const int parent = 1;
        return [postmaster, .. Directory.Exists("/proc") ? Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Select(name => int.TryParse(name, out int pid) ? pid : 0)
                .Where(pid => pid > 0 && Stat(pid) is { } stat && stat[parent] == postmaster) : []];
    }

    /// <summary>What /proc tells of a process, from its state on (0); null when there is no such process.</summary>
    private static long[]? Stat(int process)
    {
        try
        {
            // "pid (name) state parent ...": the name may hold anything, so the fields begin behind its last bracket.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return [.. stat[(stat.LastIndexOf(')') + 2)..].Split(' ')
                .Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out long value) ? value : 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked.
            return null;
        }
    }

    private void Remember(string? line)
    {
        if (line is null)
        {
            return;
        }
        _lastLines.Enqueue(line);
        while (_lastLines.Count > 5)
        {
            _lastLines.Dequeue();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string> RunAsync(string[] command, string input, CancellationToken cancellationToken)
    {
        try
        {
            using Process process = Process.Start(Info(command))!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken),
                errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? await output
                : throw new StorageException($"'{string.Join(' ', command)}' failed: {(await errors).Trim()}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new StorageException($"'{command[0]}' cannot be run: {e.Message}", e);
        }
    }

    // In a folder that every user may enter: the server's user may not enter ours.
    private static ProcessStartInfo Info(string[] command) => new(command[0], command[1..])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
