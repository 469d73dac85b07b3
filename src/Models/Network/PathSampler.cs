namespace Foretell.Models;

/// <summary>Samples what a stream may do over a horizon: each path draws a gap and a mark, steps a copy of the state, and goes on.</summary>
internal sealed unsafe class PathSampler(ForecastModel model)
{
    private const int Paths = 128;

    /// <summary>Events a path may have before the rest of the horizon is filled at the path's own rate.</summary>
    private const int MaxEvents = 256;

    /// <summary>Expected number of events within a horizon.</summary>
    /// <param name="state">The stream's row. Shape [StateFloats].</param>
    /// <param name="next">The next event's time, given the silence so far.</param>
    /// <param name="horizon">Time units from now.</param>
    public double ExpectedCount(ReadOnlySpan<float> state, ConditionedMixture next, double horizon, int seed)
    {
        double probability = Math.Min(1, next.ProbabilityWithin(horizon));
        if (!(probability > 0))
        {
            return 0;
        }
        var random = new RandomStream(seed);
        using IStateBackend backend = model.CreateBackend();
        backend.EnsureCapacity(Paths);
        var time = new double[Paths];
        var gap = new double[Paths];
        var count = new double[Paths];
        var active = new List<int>(Paths);
        for (int i = 0; i < Paths; i++)
        {
            backend.Write(i, state);
            // One draw from each of 128 equal slices of what falls within the horizon.
            double p = probability * (i + random.NextDouble()) / Paths;
            time[i] = p < 1 ? Math.Min(next.Quantile(p), horizon) : horizon;
            gap[i] = next.Silence + time[i];
            active.Add(i);
        }
        var row = new float[model.StateFloats];
        double[] logWeight = new double[model.TimeHead.Components], mu = new double[logWeight.Length], sigma = new double[logWeight.Length];
        for (int events = 1; active.Count > 0 && events <= MaxEvents; events++)
        {
            var inputs = new StepInput[active.Count];
            for (int j = 0; j < inputs.Length; j++)
            {
                int i = active[j];
                count[i]++;
                backend.Read(i, row);
                inputs[j] = new StepInput(i, Mark(row, gap[i], random), Math.Min(gap[i], float.MaxValue / 2), events);
            }
            backend.Step(inputs, []);
            active.RemoveAll(i =>
            {
                backend.Read(i, row);
                model.Decode(row.AsSpan(model.MixerFloats), logWeight, mu, sigma);
                gap[i] = new LogNormalMixture(logWeight, mu, sigma).Sample(random);
                time[i] += gap[i];
                return time[i] > horizon;
            });
        }
        foreach (int i in active)
        {
            count[i] += (horizon - time[i]) * count[i] / Math.Max(time[i], double.Epsilon);
        }
        return probability * count.Average();
    }

    /// <summary>Draws an index with the given probabilities, which sum to 1.</summary>
    public static int Draw(ReadOnlySpan<double> probabilities, RandomStream random)
    {
        double u = random.NextDouble();
        for (int i = 0; i < probabilities.Length - 1; i++)
        {
            u -= probabilities[i];
            if (u < 0)
            {
                return i;
            }
        }
        return probabilities.Length - 1;
    }

    private int Mark(float[] row, double gap, RandomStream random) =>
        model.Config.Marks.Count == 0 ? 0 : Draw(model.MarkProbabilities(row.AsSpan(model.MixerFloats), [(gap, 1)]), random);
}
