namespace Foretell.Models.Numerics;

/// <summary>Looks for what is no number among many.</summary>
internal static class FiniteNumbers
{
    /// <summary>Whether none is infinite or not a number.</summary>
    public static bool Are(ReadOnlySpan<float> numbers)
    {
        foreach (float number in numbers)
        {
            if (!float.IsFinite(number))
            {
                return false;
            }
        }
        return true;
    }
}
