namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>A running softmax's log-mass as an unevaluated sum of two floats, and what one event's share in it is.</summary>
/// <remarks>The CPU's arithmetic is <c>AarenLanes</c>, whose remarks say why it takes two floats.</remarks>
internal struct LogMass
{
    /// <summary>Leading part.</summary>
    public float High;

    /// <summary>Trailing part.</summary>
    public float Low;

    /// <summary>After <see cref="Fold"/>: the event's share in the average, in [0, 1].</summary>
    public float Gate;

    /// <summary>Both parts in one float.</summary>
    public readonly float Value => Real.Add(High, Low);

    /// <summary>Lets the mass fade and adds one score.</summary>
    /// <param name="fade">What the older events' scores lose since the last event, 0 or more.</param>
    public static LogMass Fold(float high, float low, float score, float fade)
    {
        LogMass faded = Add(high, low, -fade);
        float x = Real.Subtract(Real.Subtract(score, faded.High), faded.Low);
        // ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|), added to whichever is larger.
        float rest = Elementary.Log1p(Elementary.Exp(x > 0f ? -x : x));
        bool newer = x > 0f;
        LogMass mass = Add(newer ? score : faded.High, newer ? 0f : faded.Low, rest);
        mass.Gate = Elementary.Sigmoid(x);
        return mass;
    }

    /// <summary>(high + low) + x (Knuth's two-sum).</summary>
    private static LogMass Add(float high, float low, float x)
    {
        float sum = Real.Add(high, x);
        float part = Real.Subtract(sum, high);
        float error = Real.Add(Real.Add(Real.Subtract(high, Real.Subtract(sum, part)), Real.Subtract(x, part)), low);
        float result = Real.Add(sum, error);
        return new LogMass { High = result, Low = Real.Subtract(error, Real.Subtract(result, sum)) };
    }
}
