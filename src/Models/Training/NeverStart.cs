using Foretell.Models.Heads;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>The probability of no next event with which training starts: the one that the gaps without history make most likely.</summary>
internal static class NeverStart
{
    private const int Rounds = 50;
    private const double Least = 1e-4;

    /// <summary>Logit of the probability, by expectation-maximisation over events and open ends.</summary>
    /// <param name="train">Sequences, some of them with an end of observation.</param>
    /// <param name="gaps">History-free mixture of ln gap.</param>
    public static double Logit(IReadOnlyList<EventSequence> train, NormalMixture gaps)
    {
        double[] logSurvivals = [.. train.Where(s => s.Until is not null && s.Times.Length > 0)
            .Select(s => double.IsPositiveInfinity(s.Until!.Value) ? double.NegativeInfinity
                : gaps.AsLogNormal().LogSurvival(s.Until.Value - s.Times[^1]))];
        double forecasts = logSurvivals.Length + train.Sum(s => Math.Max(0, s.Times.Length - 1));
        double never = logSurvivals.Length / forecasts / 2, logit = 0;
        for (int round = 0; round < Rounds; round++)
        {
            never = Math.Clamp(never, Least, 1 - Least);
            logit = Math.Log(never / (1 - never));
            never = logSurvivals.Sum(s => NeverHead.Never(logit, s)) / forecasts;
        }
        return logit;
    }
}
