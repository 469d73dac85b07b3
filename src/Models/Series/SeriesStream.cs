using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Models.Series;

/// <summary>One series in the recurrent form: a window and the network's state, advanced by each reading. One thread uses it at a
/// time.</summary>
public sealed unsafe class SeriesStream : IDisposable
{
    private readonly SeriesModel _model;
    private readonly SeriesScale _scale;
    private readonly RowStore _row;
    private readonly StepKernel _kernel;
    private readonly AlignedBuffer _features, _said;
    private readonly float[] _window, _linear;
    private readonly long _start;
    private double _unit;

    /// <summary>A series without readings.</summary>
    /// <param name="model">Its model.</param>
    /// <param name="name">Name of the value in training, whose scale it has.</param>
    /// <param name="start">Steps of the clock from its 0 to the first reading: seasons count from there.</param>
    /// <exception cref="ArgumentException">Training had no such value.</exception>
    public SeriesStream(SeriesModel model, string name, long start = 0)
    {
        _scale = model.Scales.FirstOrDefault(s => s.Name == name)
            ?? throw new ArgumentException($"Training had no value '{name}'; expected {string.Join(", ", model.Scales.Select(s => s.Name))}.", nameof(name));
        (_model, _start) = (model, start);
        _row = new RowStore(model.State, 1);
        _row.EnsureCapacity(1);
        _kernel = new StepKernel(model.Config, model.Layout, model.State, model.Weights);
        _features = new AlignedBuffer(SeriesInput.StrideOf(model.Config.Series!));
        _said = new AlignedBuffer(2 * model.Layout.Series!.Stride);
        _window = new float[model.Config.Series!.Window];
        _linear = new float[model.Linear.Stride];
    }

    /// <summary>Readings so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether a window is full: from then on the series is forecast.</summary>
    public bool IsReady => Count >= _window.Length;

    /// <summary>Takes the next reading in.</summary>
    /// <param name="reading">In the units of the data.</param>
    public void Observe(double reading)
    {
        _window.AsSpan(1).CopyTo(_window);
        _window[^1] = (float)((reading - _scale.Mean) / _scale.Deviation);
        Count++;
        if (!IsReady)
        {
            return;
        }
        _unit = SeriesInput.Write(_model.Config.Series!, _window, _start + Count - 1, _features.Span);
        float* row = _row.Row(0), tail = _row.TailForNext(0);
        StepInput input = new(0, _model.Config.UnknownMark, 1, Count - _window.Length);
        _kernel.Advance([input], new RowTile(&row, &tail), _features.Pointer);
        SeriesHead head = _model.Layout.Series!;
        head.Forward(_model.Weights.Pointer, row + _model.State.MixerFloats, _said.Pointer, _said.Pointer + head.Stride, 1);
        _model.Linear.Run(_window, _window.Length, 1, _linear);
    }

    /// <summary>A quantile of one of the next readings, in the units of the data.</summary>
    /// <param name="step">Which one: 1 for the next, up to the horizon.</param>
    /// <param name="p">Its probability, between 0 and 1; 0.5 for the point forecast.</param>
    /// <exception cref="InvalidOperationException">The window is not full.</exception>
    public double Quantile(int step, double p = 0.5)
    {
        SeriesHead head = _model.Layout.Series!;
        if (!IsReady || step < 1 || step > head.Horizon || !(p > 0 && p < 1))
        {
            throw new InvalidOperationException(!IsReady ? $"A forecast needs {_window.Length} readings, and there are {Count}."
                : FormattableString.Invariant($"A quantile is of a step from 1 to {head.Horizon} and a probability between 0 and 1, got {step} and {p}."));
        }
        (double place, double scale) = SeriesHead.Decode(_said.Pointer[step - 1],
            _said.Pointer[head.Stride + step - 1], _linear[step - 1], _unit);
        return _scale.Mean + _scale.Deviation * (place + scale * SeriesHead.StandardQuantile(p));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _row.Dispose();
        _kernel.Dispose();
        _features.Dispose();
        _said.Dispose();
    }
}
