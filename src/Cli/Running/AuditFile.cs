using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Guards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Foretell.Cli.Running;

/// <summary>Puts the entries of the audit log into a file, and nothing else.</summary>
internal sealed class AuditFile(LogFile file) : ILoggerProvider
{
    private readonly Lock _gate = new();

    /// <summary>An entry as it stands in the file.</summary>
    public static string Line(DateTimeOffset time, string entry) =>
        string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {OneLine.Of(entry)}");

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => categoryName == AuditLog.Category ? new Logger(this) : NullLogger.Instance;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Logger(AuditFile audit) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and not LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lock (audit._gate)
                {
                    audit.File.TryAdd(Line(DateTimeOffset.UtcNow, formatter(state, exception)));
                }
            }
        }
    }

    private LogFile File => file;
}
