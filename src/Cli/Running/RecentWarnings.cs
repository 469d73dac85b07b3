using Microsoft.Extensions.Logging;

namespace Foretell.Cli.Running;

/// <summary>Keeps the latest warnings of the log for a screen that redraws itself, where lines of text would tear it.</summary>
internal sealed class RecentWarnings : ILoggerProvider, ILogger
{
    private const int Kept = 3;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

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

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }
        Add(exception is null ? formatter(state, null) : $"{formatter(state, exception)} {exception.Message}");
    }

    /// <summary>Adds a line, such as another process's.</summary>
    public void Add(string line)
    {
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
