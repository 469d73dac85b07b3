using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>What every backend refuses of an event.</summary>
internal static class StepCheck
{
    /// <summary>Refuses values that are not those of so many events.</summary>
    /// <param name="values">Shape [events, ValueCount], or empty.</param>
    /// <exception cref="ArgumentException">There are others, or one is infinite.</exception>
    public static void Values(ForecastModel model, int events, ReadOnlySpan<float> values)
    {
        if (!values.IsEmpty && values.Length != events * model.ValueCount)
        {
            throw new ArgumentException($"{events} events of a model with {model.ValueCount} values need {events * model.ValueCount} of them, or none, got {values.Length}.",
                nameof(values));
        }
        foreach (float z in values)
        {
            if (float.IsInfinity(z))
            {
                throw new ArgumentException("A value must be a finite number, or NaN for none, got an infinite one.", nameof(values));
            }
        }
    }

    /// <summary>Refuses an event that no step is defined for.</summary>
    /// <exception cref="ArgumentException">The mark is out of range, the gap is negative or not finite, or the ordinal is
    /// negative.</exception>
    public static void Event(ForecastModel model, in StepInput input)
    {
        if ((uint)input.Mark > (uint)model.UnknownMark)
        {
            throw new ArgumentException($"Mark must be 0 to {model.UnknownMark}, got {input.Mark} (row {input.Row}).");
        }
        if (!(input.Gap >= 0 && input.Gap < float.MaxValue) || input.Ordinal < 0)
        {
            throw new ArgumentException(
                $"Gap must be 0 or more and ordinal not negative, got {input.Gap} and {input.Ordinal} (row {input.Row}).");
        }
    }
}
