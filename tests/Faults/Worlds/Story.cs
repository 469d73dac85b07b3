using Foretell.Faults.Time;
using Microsoft.Extensions.Logging;

namespace Foretell.Faults.Worlds;

/// <summary>What happens in a schedule, line by line, for whoever replays its seed.</summary>
/// <param name="clock">Tells when.</param>
/// <param name="write">Takes each line; null for none.</param>
internal sealed class Story(SimulatedClock clock, Action<string>? write) : ILogger
{
    /// <summary>Adds a line.</summary>
    public void Tell(FormattableString line) => write?.Invoke($"{new TimeSpan(clock.Ticks):c} {line}");

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => write is not null;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        Tell($"platform: {formatter(state, exception)}");
}
