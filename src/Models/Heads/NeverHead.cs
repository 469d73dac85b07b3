using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>The probability pi that no next event comes at all: the logistic function of x, one more output of the time head. A
/// mixture cure model.</summary>
/// <remarks>
/// With S the survival of the gap given that an event comes, a silence has probability pi + (1 - pi) S, and by Bayes' rule
/// logit P(never | silence) = x - ln S. Everything is written through these two logits, so nothing cancels near a pi of 0 or 1.
/// An x of negative infinity is a model without this output.
/// Source: Boag, JRSS B 11, 1949; Farewell, Biometrics 38, 1982.
/// </remarks>
internal static class NeverHead
{
    /// <summary>ln(1 - pi): a next event comes. The same bits on every processor, since live scores are made of it.</summary>
    public static double LogComing(double logit) => Logistic.LogProbability(-logit);

    /// <summary>ln(pi + (1 - pi) S): no event during a silence, for whichever reason.</summary>
    /// <param name="logSurvival">ln S of the silence, given that an event comes.</param>
    public static double LogSilence(double logit, double logSurvival) =>
        double.IsNegativeInfinity(logit) ? logSurvival : Math.Min(0, Logistic.Softplus(logSurvival - logit) - Logistic.Softplus(-logit));

    /// <summary>pi / (pi + (1 - pi) S): after a silence, none comes any more.</summary>
    public static double Never(double logit, double logSurvival) => Logistic.Probability(logit - logSurvival);

    /// <summary>The rest to 1 of <see cref="Never"/>, without the subtraction.</summary>
    public static double Coming(double logit, double logSurvival) => Logistic.Probability(logSurvival - logit);

    /// <summary>Log-likelihood of a next event at any time, and its gradient: to be added to the density of its gap.</summary>
    /// <param name="outputs">Outputs of the time head. Shape [3k + 1].</param>
    /// <param name="gradient">Output, added to: gradientScale x derivative. Shape [3k + 1], or empty.</param>
    public static double LogComing(TimeHead time, ReadOnlySpan<float> outputs, double gradientScale, Span<float> gradient)
    {
        int index = 3 * time.Components;
        if (!gradient.IsEmpty)
        {
            gradient[index] -= (float)(gradientScale * Logistic.Probability(outputs[index]));
        }
        return LogComing(outputs[index]);
    }

    /// <summary>Log-likelihood of an open end, and its gradient.</summary>
    /// <param name="silence">All gaps longer than the silence (<see cref="GapInterval.Beyond"/>); an infinite one says that the stream is
    /// over.</param>
    /// <inheritdoc cref="LogComing(TimeHead, ReadOnlySpan{float}, double, Span{float})"/>
    public static double LogSilence(TimeHead time, ReadOnlySpan<float> outputs, in GapInterval silence, double gradientScale,
        Span<float> gradient)
    {
        double logit = outputs[3 * time.Components];
        // Where it is known that none comes any more, no gap outlasts the silence, and it says nothing of the gaps.
        bool isOver = double.IsPositiveInfinity(silence.From);
        double logSurvival = isOver ? double.NegativeInfinity : Math.Min(0, time.LogDensity(outputs, silence, 0, default));
        if (!gradient.IsEmpty)
        {
            if (!isOver)
            {
                // What the silence says of the gap counts as far as an event is still to come.
                time.LogDensity(outputs, silence, gradientScale * Coming(logit, logSurvival), gradient);
            }
            gradient[3 * time.Components] += (float)(gradientScale * (Never(logit, logSurvival) - Logistic.Probability(logit)));
        }
        return LogSilence(logit, logSurvival);
    }
}
