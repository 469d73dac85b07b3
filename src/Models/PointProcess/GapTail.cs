using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>What a mixture that saw some thousand gaps cannot know: a Lomax distribution, S(tau) = c / (c + tau), that has a share
/// of one in ten thousand of every forecast.</summary>
/// <remarks>
/// Its scale c is the geometric mean of the gap under the mixture, so it follows each stream and knows no unit. Once a silence s
/// has outlived the mixture, the median of the further wait is c + s: the longer the silence, the longer the wait. No gap, however
/// short or long, costs more than ln(1 / share) over the Lomax density itself; gaps that the mixture explains cost 0.0001 nats more.
/// Source: Lomax, JASA 49, 1954; the choice: docs/decisions/0020-one-predictive-distribution.md.
/// </remarks>
/// <param name="Scale">c, time units, above 0.</param>
internal readonly record struct GapTail(double Scale)
{
    /// <summary>Its share of a forecast.</summary>
    public const double Share = 1e-4;

    /// <summary>ln of its share.</summary>
    public static readonly double LogShare = VectorMath.Log(Share);

    /// <summary>ln of the rest, which is the mixture's.</summary>
    public static readonly double LogRest = VectorMath.Log(1 - Share);

    /// <summary>The tail of a forecast; the same bits on every processor.</summary>
    /// <param name="logScale">Mean of ln gap under the mixture.</param>
    public static GapTail Of(double logScale) => new(VectorMath.Exp(Vector512.Create(Math.Clamp(logScale, -600, 600)))[0]);

    /// <summary>The same by the mean in standardised log time.</summary>
    public static GapTail Of(double location, ModelConfig config) => Of(config.LogGapMean + config.LogGapDeviation * location);

    /// <summary>P(gap &gt; tau).</summary>
    public double Survival(double tau) => Scale / (Scale + tau);

    /// <summary>Mean density over an interval, per time unit; the density itself where both ends are one.</summary>
    public double Density(double low, double high) => Scale / (Scale + low) / (Scale + high);
}
