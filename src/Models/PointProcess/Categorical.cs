using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>Draws from a finite distribution given by log probabilities.</summary>
public static class Categorical
{
    /// <summary>An index, k with probability exp(logProbability[k]). What rounding leaves over goes to the last possible index.</summary>
    /// <param name="logProbability">They log-sum to 0. Shape [k], k of 1 or more.</param>
    /// <param name="random">One number is taken from it.</param>
    public static int Draw(ReadOnlySpan<double> logProbability, RandomStream random)
    {
        double left = random.NextDouble();
        int last = 0;
        for (int k = 0; k < logProbability.Length; k++)
        {
            double probability = Math.Exp(logProbability[k]);
            if (probability == 0)
            {
                continue;
            }
            left -= probability;
            last = k;
            if (left < 0)
            {
                break;
            }
        }
        return last;
    }

    /// <summary>An index, k with <paramref name="probability"/>[k]; they sum to 1.</summary>
    internal static int DrawFrom(ReadOnlySpan<double> probability, RandomStream random)
    {
        double left = random.NextDouble();
        int k = 0;
        while (k < probability.Length - 1 && (left -= probability[k]) >= 0)
        {
            k++;
        }
        return k;
    }
}
