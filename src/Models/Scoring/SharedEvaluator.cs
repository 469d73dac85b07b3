using Foretell.Models.Mixers;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>How a model scores where streams share what they have in common. Its events were taken in the order of time over all
/// streams, so that no figure of single streams compares with it, nor any published one.</summary>
/// <param name="Nll">Joint NLL of gap, mark and values, nats per event.</param>
/// <param name="NllTime">NLL of the inter-event times, density per time unit.</param>
/// <param name="NllMark">NLL of the marks given the gap; 0 without marks.</param>
/// <param name="PitKs">Distance of the probability integral transform from uniform, at hundredths.</param>
public sealed record SharedScore(double Nll, double NllTime, double NllMark, double PitKs);

/// <summary>Scores a model that adapts on the events of all streams in the order of time, as a host meets them, and lets streams share
/// what they have in common (docs/models.md, "What streams show together").</summary>
public static class SharedEvaluator
{
    /// <summary>Scores <paramref name="model"/>, which must adapt, from a moment before the first event to the last.</summary>
    /// <exception cref="ArgumentException">The model does not adapt, no sequence has two events, or one is beyond what a model can
    /// hold.</exception>
    public static SharedScore Evaluate(ForecastModel model, IReadOnlyList<EventSequence> sequences) =>
        Evaluate(model, sequences, Population.Every);

    /// <param name="every">Events from one shared shift to the next; 0 for none at all.</param>
    internal static SharedScore Evaluate(ForecastModel model, IReadOnlyList<EventSequence> sequences, int every)
    {
        DataLimits.Check(sequences, "test");
        if (!model.Config.Adapt)
        {
            throw new ArgumentException($"Model {model.Id} does not adapt, and streams can share only what adaptation tells. Use --adapt.", nameof(model));
        }
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(sequences.Count);
        var population = new Population(model);
        backend.Population = every > 0 ? population : null;
        var calibration = new Calibration();
        double time = 0, mark = 0, value = 0;
        int v = model.ValueCount;
        float[][] values = [.. sequences.Select(s => EncodedValues.Standardise(s, model))];
        long events = 0, seen = 0;
        Span<StepScore> score = stackalloc StepScore[1];
        foreach ((int row, int t) in InOrderOfTime(sequences))
        {
            if (every > 0 && seen++ % every == 0)
            {
                population.GiveOut();
            }
            EventSequence sequence = sequences[row];
            double gap = t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1];
            backend.ScoreAndStep([new StepInput(row, model.MarkOf(sequence, t), gap, t)], score, values[row].AsSpan(t * v, v));
            if (t >= sequence.FirstScored)
            {
                (time, mark, events) = (time + score[0].Time, mark + score[0].Mark, events + 1);
                value += score[0].Value;
                calibration.Add(score[0]);
            }
        }
        if (events == 0)
        {
            throw new ArgumentException("Scoring needs at least one sequence with two events; every sequence has fewer.", nameof(sequences));
        }
        return new SharedScore(-(time + mark + value) / events, -time / events, -mark / events, calibration.PitKs!.Value);
    }

    /// <summary>Every event of every sequence, by time; at one moment by the sequences' order.</summary>
    private static IEnumerable<(int Row, int Event)> InOrderOfTime(IReadOnlyList<EventSequence> sequences)
    {
        var next = new PriorityQueue<int, (double Time, int Row)>();
        int[] at = new int[sequences.Count];
        for (int row = 0; row < at.Length; row++)
        {
            if (sequences[row].Times.Length > 0)
            {
                next.Enqueue(row, (sequences[row].Times[0], row));
            }
        }
        while (next.TryDequeue(out int row, out _))
        {
            int t = at[row]++;
            if (at[row] < sequences[row].Times.Length)
            {
                next.Enqueue(row, (sequences[row].Times[at[row]], row));
            }
            yield return (row, t);
        }
    }
}
