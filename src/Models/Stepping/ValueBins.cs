using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;

namespace Foretell.Models.Stepping;

/// <summary>Where each value of an event fell in its forecast, given gap and mark: a bin of its probability integral transform.</summary>
/// <remarks>A byte for each of at most <see cref="ModelLimits.Values"/> values.</remarks>
public readonly record struct ValueBins
{
    /// <summary>Equal bins of [0, 1].</summary>
    public const int Count = 100;

    // Bin + 1, so that zeros are an event without values.
    private readonly Vector128<byte> _bins;

    private ValueBins(Vector128<byte> bins) => _bins = bins;

    /// <summary>Bin of a value, from 0; null where the event has none, or the model does not forecast it.</summary>
    /// <param name="value">Index in the model's values.</param>
    public int? this[int value] => _bins.GetElement(value) is > 0 and var bin ? bin - 1 : null;

    /// <summary>The same with one value more.</summary>
    /// <param name="value">Index in the model's values.</param>
    /// <param name="below">Probability of a smaller one.</param>
    public ValueBins With(int value, double below) =>
        new(_bins.WithElement(value, (byte)(1 + Math.Clamp((int)(below * Count), 0, Count - 1))));
}
