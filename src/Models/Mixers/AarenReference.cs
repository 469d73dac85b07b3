namespace Foretell.Models.Mixers;

/// <summary>Aaren for one head as the paper writes it, in double and plain loops: what the fast forms are held to.</summary>
/// <remarks>Source: Feng et al. 2024, "Attention as an RNN", section 3.1, with an optional decay of older scores.</remarks>
public static class AarenReference
{
    /// <summary>Attention of a constant query over each prefix of a sequence.</summary>
    /// <param name="score">Score of each event. Shape [n].</param>
    /// <param name="value">Value of each event. Shape [n][width].</param>
    /// <param name="gap">Time since the previous event, 0 or more; the first is ignored. Shape [n].</param>
    /// <param name="timeDecay">What an older event's score loses per unit of time.</param>
    /// <param name="eventDecay">What an older event's score loses per later event.</param>
    /// <returns>Average value and log-mass after each event.</returns>
    public static (double[][] Average, double[] LogMass) Run(double[] score, double[][] value, double[] gap, double timeDecay,
        double eventDecay)
    {
        int width = value.Length == 0 ? 0 : value[0].Length;
        var average = new double[score.Length][];
        var logMass = new double[score.Length];
        double m = double.NegativeInfinity, u = 0;
        var w = new double[width];
        for (int t = 0; t < score.Length; t++)
        {
            double faded = t == 0 ? m : m - timeDecay * gap[t] - eventDecay;
            double next = Math.Max(faded, score[t]);
            double keep = Math.Exp(faded - next), add = Math.Exp(score[t] - next);
            m = next;
            u = u * keep + add;
            for (int j = 0; j < width; j++)
            {
                w[j] = w[j] * keep + value[t][j] * add;
            }
            average[t] = Array.ConvertAll(w, x => x / u);
            logMass[t] = m + Math.Log(u);
        }
        return (average, logMass);
    }
}
