using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>One gap under the whole predictive distribution: mixture, tail (<see cref="GapTail"/>) and tie
/// (<see cref="TieHead"/>).</summary>
/// <param name="Log">Log density, nats per time unit; of a tie its log probability.</param>
/// <param name="Below">Probability of a shorter gap.</param>
/// <param name="Above">Probability of a longer gap, with a relative precision of its own.</param>
/// <param name="Within">Probability of the tick or the tie; 0 at a point.</param>
/// <remarks>The same bits on every processor (law 5). Within 1e-9 of <see cref="GapDistribution"/>, which says it plainly.</remarks>
internal readonly record struct GapScore(double Log, double Below, double Above, double Within)
{
    /// <summary>Adds tail and tie to a mixture's score.</summary>
    /// <param name="mixture">Score of the gap.</param>
    /// <param name="gap">The gap.</param>
    /// <param name="tieLogit">Logit of a gap of 0; negative infinity where that has no probability of its own.</param>
    /// <param name="config">Statistics of ln gap.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static GapScore Of(in MixtureScore mixture, in GapInterval gap, double tieLogit, ModelConfig config)
    {
        bool mayTie = !double.IsNegativeInfinity(tieLogit);
        double logPositive = mayTie ? TieHead.Log(tieLogit, isTie: false) : 0;
        double positive = mayTie ? VectorMath.Exp(Vector512.Create(logPositive))[0] : 1;
        if (gap.IsTie)
        {
            double logTie = TieHead.Log(tieLogit, isTie: true);
            return new GapScore(logTie, 0, positive, VectorMath.Exp(Vector512.Create(logTie))[0]);
        }
        var tail = GapTail.Of(mixture.Location, config);
        double logMixture = mixture.LogProbability + gap.LogUnit + GapTail.LogRest;
        double logTail = VectorMath.Log(Math.Max(tail.Density(gap.From, gap.To), 1e-300)) + GapTail.LogShare;
        double larger = Math.Max(logMixture, logTail), smaller = Math.Min(logMixture, logTail);
        double log = larger + VectorMath.Log(1 + VectorMath.Exp(Vector512.Create(smaller - larger))[0]) + logPositive;
        double beyond = tail.Survival(gap.From), above = tail.Survival(gap.To), share = GapTail.Share, rest = 1 - share;
        return new GapScore(log,
            1 - positive + positive * (rest * mixture.Below + share * (gap.From / (tail.Scale + gap.From))),
            positive * (rest * mixture.Above + share * above),
            gap.IsInterval ? positive * (rest * mixture.Within + share * (beyond - above)) : 0);
    }
}
