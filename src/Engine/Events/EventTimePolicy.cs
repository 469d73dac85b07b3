using System.Globalization;

namespace Foretell.Engine.Events;

/// <summary>What happens to events whose time lies behind their stream, or ahead of the clock.</summary>
/// <param name="LateTolerance">An event older than its stream's latest by at most this counts as gap zero; an older one is a dead
/// letter.</param>
/// <param name="FutureTolerance">An event more than this after its append time is a dead letter.</param>
public sealed record EventTimePolicy(TimeSpan LateTolerance, TimeSpan FutureTolerance)
{
    /// <summary>5 seconds late, 1 hour ahead.</summary>
    public static readonly EventTimePolicy Default = new(TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));

    /// <summary>The text of a policy in a control record: "late=50000000;future=36000000000", ticks of 100 ns.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"late={LateTolerance.Ticks};future={FutureTolerance.Ticks}");

    /// <summary>Reads <see cref="ToString"/>'s text.</summary>
    /// <exception cref="FormatException">The text is no policy.</exception>
    public static EventTimePolicy Parse(string text)
    {
        string[] parts = text.Split(';');
        if (parts.Length != 2 || !TryTicks(parts[0], "late=", out TimeSpan late) || !TryTicks(parts[1], "future=", out TimeSpan future))
        {
            throw new FormatException($"An event-time policy reads 'late=TICKS;future=TICKS', got '{text}'.");
        }
        return new EventTimePolicy(late, future);
    }

    private static bool TryTicks(string part, string name, out TimeSpan value)
    {
        bool read = long.TryParse(part.AsSpan(Math.Min(name.Length, part.Length)), NumberStyles.None, CultureInfo.InvariantCulture,
            out long ticks);
        value = new TimeSpan(ticks);
        return read && part.StartsWith(name, StringComparison.Ordinal);
    }
}
