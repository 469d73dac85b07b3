using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Models.Stepping;

/// <summary>What every backend refuses of an event.</summary>
internal static class StepCheck
{
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
