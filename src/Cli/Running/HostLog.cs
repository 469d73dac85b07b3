using System.Globalization;
using Foretell.Cli.Shell;
using Microsoft.Extensions.Logging;

namespace Foretell.Cli.Running;

/// <summary>The log of a run that somebody looks at: each entry is one line there, and its full text, stack trace and all, is in a
/// file.</summary>
/// <param name="file">Takes the full texts.</param>
/// <param name="show">Takes each line at once, where lines are printed; null where a screen shows the latest
/// (<see cref="Lines"/>).</param>
internal sealed class HostLog(LogFile file, Action<string>? show = null) : ILoggerProvider
{
    private const int Kept = 3;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private bool _isWritten;

    /// <summary>The latest lines, oldest first.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Where the full texts are; null while there is none.</summary>
    public string? FullText => Volatile.Read(ref _isWritten) ? file.Path : null;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Adds a line of another process's log.</summary>
    public void Add(string process, string line)
    {
        string shown = OneLine.WithoutTrace(line);
        Add($"{process}: {line}", shown.Length == 0 ? null : $"{process}: {shown}", $"{process}: {OneLine.WithoutCategory(shown)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <param name="full">The whole entry.</param>
    /// <param name="line">It in one line; null where there is nothing to show of it.</param>
    /// <param name="brief">The same, as short as it can be.</param>
    private void Add(string full, string? line, string brief)
    {
        bool isFirst;
        lock (_gate)
        {
            bool written = file.TryAdd(full);
            isFirst = written && !_isWritten;
            _isWritten |= written;
            if (line is not null)
            {
                _lines.Enqueue(brief);
                if (_lines.Count > Kept)
                {
                    _lines.Dequeue();
                }
            }
        }
        if (line is not null)
        {
            show?.Invoke(line);
        }
        if (isFirst)
        {
            show?.Invoke($"The log's full texts are in {file.Path}.");
        }
    }

    private sealed class Logger(HostLog log, string category) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                string message = formatter(state, exception);
                string shown = OneLine.Of(exception is null ? message : $"{message} {exception.GetType().Name}: {exception.Message}");
                string head = string.Create(CultureInfo.InvariantCulture,
                    $"{now:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {logLevel.ToString().ToLowerInvariant()}: {category}: ");
                log.Add($"{head}{message}{(exception is null ? "" : Environment.NewLine)}{exception}", head + shown,
                    string.Create(CultureInfo.InvariantCulture, $"{now:HH:mm:ss} {shown}"));
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    }
}
