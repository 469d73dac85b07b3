using System.Globalization;

namespace Foretell.Engine.Alerts;

/// <summary>When a stream's silence is worth an alert.</summary>
public sealed record AlertRule
{
    /// <summary>A rule by which nothing is ever overdue.</summary>
    public static readonly AlertRule Off = new() { Survival = 0 };

    /// <summary>Least and greatest threshold: below, the survival's rounding would show; above, silence is no news.</summary>
    public const double MinSurvival = 1e-9, MaxSurvival = 0.5;

    /// <summary>A stream is overdue once its forecast gave a silence this long no more than this probability. 0 turns alerts off.</summary>
    public double Survival { get; init; } = 0.001;

    /// <summary>
    /// An alert that would come later than this after its deadline is only counted: whoever replays last year's events,
    /// or starts again after a night, must not be told of every stream.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often deadlines are looked at: an alert comes at most this much late.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether there are alerts at all.</summary>
    public bool IsOn => Survival > 0;

    /// <summary>Whether a number may be <see cref="Survival"/>.</summary>
    public static bool Allows(double survival) => survival is 0 or >= MinSurvival and <= MaxSurvival;

    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public void Check()
    {
        if (!Allows(Survival))
        {
            throw new ArgumentOutOfRangeException(nameof(Survival), Survival, string.Create(CultureInfo.InvariantCulture,
                $"The survival probability of an alert must be 0 (no alerts) or from {MinSurvival} to {MaxSurvival}."));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Tick, TimeSpan.FromMilliseconds(1));
    }
}
