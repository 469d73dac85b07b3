using System.Runtime.CompilerServices;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;

namespace Foretell.Models.Forecasting;

/// <summary>Paths of any streams that advance together, event by event: each has a copy of its stream's row, and depends on its start
/// and its random numbers, not on its neighbours.</summary>
/// <remarks>
/// A path stands before an event that will come <see cref="Gap"/> after the one before it, at <see cref="Time"/>. A step lets it
/// happen: the mark is drawn given the gap, the row advances, the next gap is drawn. What a stream has shown of its own stays as it
/// was. Events go in tiles of full width, a tile's rows
/// through all of it while they are in the cache. One thread at a time.
/// </remarks>
internal sealed unsafe class PathBatch : IDisposable
{
    /// <summary>Paths that a batch has at most: their rows stay in the second-level cache or near it.</summary>
    public const int MaxPaths = 2048;

    private readonly ForecastModel _model;
    private readonly StepKernel _kernel;
    private readonly HeadKernel _heads;
    private readonly RowStore _rows;
    private readonly AlignedBuffer _basis, _features;
    private readonly int _marks, _basisStride;
    private readonly int[] _ordinal = new int[MaxPaths], _forced = new int[MaxPaths];
    private readonly float[] _z, _inputs;
    private double[] _chances = [];

    /// <param name="model">Model of the rows.</param>
    public PathBatch(ForecastModel model)
    {
        _model = model;
        _rows = new RowStore(model.State, MaxPaths);
        _kernel = new StepKernel(model);
        _heads = new HeadKernel(model, RowTile.MaxRows);
        _basisStride = model.State.BasisStride;
        _basis = new AlignedBuffer((long)RowTile.MaxRows * _basisStride);
        _features = new AlignedBuffer((long)RowTile.MaxRows * GapFeatures.Stride);
        _marks = model.Config.Marks.Count;
        _z = new float[MaxPaths * model.ValueCount];
        _inputs = model.Values is null ? [] : new float[RowTile.MaxRows * model.Layout.Inputs[0].Stride];
    }

    /// <summary>Random numbers of the step to come; the caller's to fill. Shape [paths].</summary>
    public PathDraw[] Draw { get; } = new PathDraw[MaxPaths];

    /// <summary>When the next event comes, time units from now. Shape [paths].</summary>
    public double[] Time { get; } = new double[MaxPaths];

    /// <summary>Gap before it. Shape [paths].</summary>
    public double[] Gap { get; } = new double[MaxPaths];

    /// <summary>Mark of the event that happened last. Shape [paths].</summary>
    public int[] Mark { get; } = new int[MaxPaths];

    /// <summary>Indices of marks whose probabilities are wanted of every event that happens; the caller's to set before a step.</summary>
    public int[] Watched { get; set; } = [];

    /// <summary>Probability that each watched mark had before the mark of the event that happened last was drawn, its gap being known.
    /// Shape of <see cref="Watched"/>.</summary>
    public ReadOnlySpan<double> Chances(int path) => _chances.AsSpan(path * Watched.Length, Watched.Length);

    /// <summary>Values of the event that happened last, NaN for none, in their own units; null where the model forecasts none. Shape
    /// [values that are forecast].</summary>
    public double[]? Values(int path) => _model.Values is not { } track ? null
        : Array.ConvertAll(_model.ForecastValues, i =>
            _z[path * track.Count + i] is var z && float.IsNaN(z) ? double.NaN : _model.Config.Values![i].Value(z));

    /// <summary>ln of the probability, by the model, that the next event comes at all. Shape [paths].</summary>
    public double[] LogComing { get; } = new double[MaxPaths];

    /// <summary>Mean of the gap before the next event, none counted as longer than the path's <see cref="Limit"/>; where asked for.
    /// Shape [paths].</summary>
    public double[] MeanGap { get; } = new double[MaxPaths];

    /// <summary>What is left of the horizon behind the event that happened last. Shape [paths].</summary>
    public double[] Limit { get; } = new double[MaxPaths];

    /// <summary>Puts a path at its start.</summary>
    /// <param name="path">0 to <see cref="MaxPaths"/> - 1.</param>
    /// <param name="state">The stream's row, with its tail.</param>
    /// <param name="silence">Time units since the stream's last event.</param>
    /// <param name="wait">Time units until the next.</param>
    /// <param name="mark">Index of the mark that the next has; null where it is drawn.</param>
    public void Start(int path, ReadOnlySpan<float> state, double silence, double wait, int? mark = null)
    {
        _forced[path] = mark ?? -1;
        _rows.EnsureCapacity(path + 1);
        _rows.Write(path, state);
        (Time[path], Gap[path], _ordinal[path]) = (wait, OnClock(silence + wait), 0);
    }

    /// <summary>The events that paths stand before happen, and the next ones are drawn.</summary>
    /// <param name="paths">Any number of different paths.</param>
    /// <param name="horizon">End of each path's horizon, for <see cref="Limit"/>. Shape [<see cref="MaxPaths"/>].</param>
    /// <param name="meanGaps">Whether <see cref="MeanGap"/> is wanted: it costs a quarter of a step.</param>
    public void Step(ReadOnlySpan<int> paths, ReadOnlySpan<double> horizon, bool meanGaps)
    {
        for (int start = 0; start < paths.Length; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, paths.Length - start);
            Tile(paths.Slice(start, n), horizon, meanGaps);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernel.Dispose();
        _heads.Dispose();
        _rows.Dispose();
        _basis.Dispose();
        _features.Dispose();
    }

    private void Tile(ReadOnlySpan<int> paths, ReadOnlySpan<double> horizon, bool meanGaps)
    {
        int n = paths.Length;
        Span<StepInput> inputs = stackalloc StepInput[RowTile.MaxRows];
        float** rows = stackalloc float*[RowTile.MaxRows], tails = stackalloc float*[RowTile.MaxRows];
        for (int i = 0; i < n; i++)
        {
            rows[i] = _rows.Row(paths[i]);
            tails[i] = _rows.TailForNext(paths[i]);
        }
        DrawMarks(paths, rows);
        DrawValues(paths, rows);
        for (int i = 0; i < n; i++)
        {
            inputs[i] = new StepInput(paths[i], Mark[paths[i]], Math.Min(Gap[paths[i]], float.MaxValue / 2), ++_ordinal[paths[i]]);
        }
        fixed (float* features = _inputs)
        {
            _kernel.Advance(inputs[..n], new RowTile(rows, tails), features);
        }
        GatherBases(rows, n);
        _heads.Time(_basis.Pointer, n);
        for (int i = 0; i < n; i++)
        {
            Limit[paths[i]] = horizon[paths[i]] - Time[paths[i]];
            DrawGap(i, paths[i], meanGaps);
        }
    }

    private void DrawMarks(ReadOnlySpan<int> paths, float** rows)
    {
        if (_marks == 0 && _model.Values is null)
        {
            return;
        }
        GatherBases(rows, paths.Length);
        for (int i = 0; i < paths.Length; i++)
        {
            double z = GapInterval.StandardiseFloored(Gap[paths[i]], _model.Config);
            GapFeatures.Write(z, new Span<float>(_features.Pointer + i * GapFeatures.Stride, GapFeatures.Count));
        }
        if (_marks == 0)
        {
            return;
        }
        _heads.Marks(_basis.Pointer, _features.Pointer, paths.Length);
        if (_chances.Length < MaxPaths * Watched.Length)
        {
            _chances = new double[MaxPaths * Watched.Length];
        }
        for (int i = 0; i < paths.Length; i++)
        {
            int path = paths[i], forced = _forced[path];
            float* shares = _heads.MarkLogitsPointer(i);
            int drawn = MarkScore.Draw(shares, _marks, Draw[path].Mark, out double sum);
            Mark[path] = forced >= 0 ? forced : drawn;
            for (int j = 0; j < Watched.Length; j++)
            {
                _chances[path * Watched.Length + j] = forced < 0 ? shares[Watched[j]] / sum : forced == Watched[j] ? 1 : 0;
            }
            _forced[path] = -1;
        }
    }

    /// <summary>Draws the events' values given gap and mark, and has the rows take them into account.</summary>
    private void DrawValues(ReadOnlySpan<int> paths, float** rows)
    {
        if (_model.Values is not { } track)
        {
            return;
        }
        int v = track.Count, stride = _model.Layout.Inputs[0].Stride;
        Span<int> marks = stackalloc int[paths.Length];
        for (int i = 0; i < paths.Length; i++)
        {
            marks[i] = _marks == 0 ? 0 : Mark[paths[i]];
        }
        _heads.Values(_basis.Pointer, marks, _features.Pointer);
        for (int i = 0; i < paths.Length; i++)
        {
            Span<float> state = _model.State.Values(rows[i]);
            Span<float> z = _z.AsSpan(paths[i] * v, v);
            DrawValues(i, Draw[paths[i]], state, z);
            ValueInput.TakeIn(track, state, z, _inputs.AsSpan(i * stride, stride));
        }
    }

    /// <summary>Draws one event's values.</summary>
    /// <param name="draw">The event's random numbers: those of its values follow from them.</param>
    /// <param name="z">Output, NaN for none. Shape [v].</param>
    private void DrawValues(int row, in PathDraw draw, ReadOnlySpan<float> state, Span<float> z)
    {
        var random = new RandomStream(BitConverter.DoubleToInt64Bits(draw.Component), BitConverter.DoubleToInt64Bits(draw.Normal));
        int k = ValueMixture.Parts;
        Span<double> logWeight = stackalloc double[k], mean = stackalloc double[k], deviation = stackalloc double[k];
        var outputs = new ReadOnlySpan<float>(_heads.ValueOutputsPointer(row), _model.Layout.Values!.Stride);
        for (int i = 0; i < z.Length; i++)
        {
            if (_model.Values!.IsFact(i))
            {
                z[i] = float.NaN;
                continue;
            }
            bool isHere = random.NextDouble() < Logistic.Probability(outputs[ValueHead.PresenceAt(i)]);
            _model.ValueMixtures[i].Decode(outputs[ValueHead.MixtureAt(i)..], logWeight, mean, deviation);
            int component = Categorical.Draw(logWeight, random);
            double u = Math.Clamp(mean[component] + random.NextNormal() * deviation[component], -ValueTrack.Farthest, ValueTrack.Farthest);
            (float level, float unit) = _model.Values!.Own(state, i);
            z[i] = isHere ? (float)(level + unit * u) : float.NaN;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DrawGap(int row, int path, bool meanGap)
    {
        int k = _model.TimeHead.Components;
        double* logWeight = stackalloc double[3 * k], mean = logWeight + k, inverse = mean + k;
        _model.TimeHead.Decode(_heads.TimeOutputsPointer(row), logWeight, mean, inverse);
        double tie = _model.Config.Ties > 0 ? Logistic.Probability(_heads.TieLogit(row)) : 0;
        var draw = GapDraw.Of(k, logWeight, mean, inverse, _model.Config);
        double component = Draw[path].Component;
        Gap[path] = component < tie ? 0 : OnClock(draw.Next((component - tie) / (1 - tie), Draw[path].Normal));
        Time[path] += Gap[path];
        LogComing[path] = _model.Config.Censored ? NeverHead.LogComing(_heads.NeverLogit(row)) : 0;
        if (meanGap)
        {
            MeanGap[path] = Limit[path] > 0 ? (1 - tie) * draw.RestrictedMean(Limit[path]) : 0;
        }
    }

    private double OnClock(double gap) => ClockGrid.Nearest(gap, _model.Config.Resolution);

    private void GatherBases(float** rows, int n)
    {
        int d = _model.BasisFloats;
        for (int i = 0; i < n; i++)
        {
            new ReadOnlySpan<float>(rows[i] + _model.MixerFloats, d).CopyTo(new Span<float>(_basis.Pointer + i * _basisStride, d));
        }
    }
}
