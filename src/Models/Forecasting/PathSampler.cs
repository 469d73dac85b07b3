using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;

namespace Foretell.Models.Forecasting;

/// <summary>Samples what a stream may do over a horizon: each path draws a gap and a mark, steps a copy of the state, and goes
/// on.</summary>
/// <remarks>Paths advance in lockstep, so heads and step work on whole tiles. One thread uses a sampler at a time.</remarks>
internal sealed unsafe class PathSampler
{
    private const int Paths = 64;

    /// <summary>Events a path may have before the rest of the horizon is filled at the path's own rate.</summary>
    private const int MaxEvents = 64;

    private readonly ForecastModel _model;
    private readonly StepKernel _kernel;
    private readonly HeadKernel _heads;
    private readonly RowStore _rows;
    private readonly AlignedBuffer _hidden, _features;
    private readonly double[] _time = new double[Paths], _gap = new double[Paths], _count = new double[Paths], _alive = new double[Paths];
    private readonly double[] _logWeight, _mu, _sigma, _probabilities;

    public PathSampler(ForecastModel model)
    {
        _model = model;
        int d = model.Config.Width, k = model.TimeHead.Components;
        _rows = new RowStore(model.State, Paths);
        _rows.EnsureCapacity(Paths);
        _kernel = new StepKernel(model);
        _heads = new HeadKernel(model, Paths);
        (_hidden, _features) = (new((long)Paths * d), new((long)Paths * GapFeatures.Stride));
        (_logWeight, _mu, _sigma) = (new double[k], new double[k], new double[k]);
        _probabilities = new double[model.Config.Marks.Count];
    }

    /// <summary>Expected number of events within a horizon, given that a next event comes at all.</summary>
    /// <param name="state">The stream's row. With its tail.</param>
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
        var active = new List<int>(Paths);
        for (int i = 0; i < Paths; i++)
        {
            _rows.Write(i, state);
            // One draw from each of 64 equal slices of what falls within the horizon.
            double p = probability * (i + random.NextDouble()) / Paths;
            _time[i] = p < 1 ? Math.Min(next.Quantile(p), horizon) : horizon;
            _gap[i] = next.Silence + _time[i];
            _count[i] = 0;
            _alive[i] = 1;
            active.Add(i);
        }
        for (int events = 1; active.Count > 0 && events <= MaxEvents; events++)
        {
            Step(active, events, random);
            DrawGaps(active, random);
            active.RemoveAll(i => _time[i] > horizon);
        }
        foreach (int i in active)
        {
            double more = (horizon - _time[i]) * MaxEvents / Math.Max(_time[i], double.Epsilon);
            _count[i] += _alive[i] * StillComing(more, Math.Log(_alive[i]) / MaxEvents);
        }
        return probability * _count.Average();
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

    /// <summary>The events that the paths have drawn happen: marks are drawn given the gaps, and the states advance.</summary>
    private void Step(List<int> active, int ordinal, RandomStream random)
    {
        GatherHidden(active);
        if (_probabilities.Length > 0)
        {
            for (int j = 0; j < active.Count; j++)
            {
                double z = GapInterval.StandardiseFloored(_gap[active[j]], _model.Config);
                GapFeatures.Write(z, _features.Span.Slice(j * GapFeatures.Stride, GapFeatures.Count));
            }
            _heads.Marks(_hidden.Pointer, _features.Pointer, active.Count);
        }
        Span<StepInput> inputs = stackalloc StepInput[RowTile.MaxRows];
        float** rows = stackalloc float*[RowTile.MaxRows], tails = stackalloc float*[RowTile.MaxRows];
        for (int start = 0; start < active.Count; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, active.Count - start);
            for (int j = 0; j < n; j++)
            {
                int i = active[start + j];
                // A path that may have ended counts as far as it goes on: its mean over all ways to end, at no variance.
                _count[i] += _alive[i];
                rows[j] = _rows.Row(i);
                tails[j] = _rows.TailForNext(i);
                inputs[j] = new StepInput(i, DrawMark(start + j, random), Math.Min(_gap[i], float.MaxValue / 2), ordinal);
            }
            _kernel.Advance(inputs[..n], new RowTile(rows, tails));
        }
    }

    private void DrawGaps(List<int> active, RandomStream random)
    {
        GatherHidden(active);
        _heads.Time(_hidden.Pointer, active.Count);
        for (int j = 0; j < active.Count; j++)
        {
            int i = active[j];
            _model.DecodeTime(_heads.TimeOutputs(j), _logWeight, _mu, _sigma);
            _gap[i] = new LogNormalMixture(_logWeight, _mu, _sigma).Sample(random);
            _time[i] += _gap[i];
            _alive[i] *= Math.Exp(NeverHead.LogComing(_heads.NeverLogit(j)));
        }
    }

    /// <summary>How many of a number of events still come when each is the last with a fixed probability: 1 + s + s^2 + ..., s
    /// being the probability to go on.</summary>
    private static double StillComing(double events, double logStay) =>
        logStay == 0 ? events : logStay < 0 && double.IsFinite(logStay) ? RealMath.Expm1(events * logStay) / RealMath.Expm1(logStay) : 0;

    private int DrawMark(int row, RandomStream random)
    {
        if (_probabilities.Length == 0)
        {
            return 0;
        }
        Array.Clear(_probabilities);
        MarkHead.AddProbabilities(_heads.MarkLogits(row), 1, _probabilities);
        return Draw(_probabilities, random);
    }

    private void GatherHidden(List<int> active)
    {
        int d = _model.Config.Width;
        for (int j = 0; j < active.Count; j++)
        {
            new ReadOnlySpan<float>(_rows.Row(active[j]) + _model.MixerFloats, d).CopyTo(_hidden.Span[(j * d)..]);
        }
    }
}
