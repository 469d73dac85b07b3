namespace Foretell.Models.Heads;

/// <summary>The probability of a gap of exactly 0 where times are otherwise continuous: the logistic function of one more output of
/// the time head. An atom, which no density can stand for.</summary>
/// <remarks>
/// Two events at one moment have a probability, all other gaps a density, which has the rest to 1 as its mass. Where the times lie on a
/// clock grid a gap of 0 is one tick among others and there is no such output; its logit is negative infinity.
/// Source: the hurdle model, Cragg, Econometrica 39, 1971.
/// </remarks>
internal static class TieHead
{
    /// <summary>ln of the probability of a tie, or of its absence.</summary>
    public static double Log(double logit, bool isTie) => Logistic.LogProbability(isTie ? logit : -logit);

    /// <summary>The same with its gradient.</summary>
    /// <param name="outputs">Outputs of the time head.</param>
    /// <param name="index">Which of them is the logit.</param>
    /// <param name="isTie">Whether the gap was 0.</param>
    /// <param name="gradient">Output, added to: gradientScale x derivative; or empty.</param>
    public static double Log(ReadOnlySpan<float> outputs, int index, bool isTie, double gradientScale, Span<float> gradient)
    {
        double logit = outputs[index];
        if (!gradient.IsEmpty)
        {
            gradient[index] += (float)(gradientScale * ((isTie ? 1 : 0) - Logistic.Probability(logit)));
        }
        return Log(logit, isTie);
    }
}
