using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Network;

/// <summary>The linear parts of the heads over a few rows' bases, and what the streams' adaptation makes of them. One thread uses it at a
/// time.</summary>
/// <remarks>A basis is a hidden vector [d], then the stream's adaptation, then what it has shown of its values, at
/// <see cref="StateLayout.BasisStride"/> floats a row.</remarks>
internal sealed unsafe class HeadKernel : IDisposable
{
    private readonly ForecastModel _model;
    private readonly AlignedBuffer _time, _inner, _logits, _own, _values;
    private readonly int _timeStride, _logitStride, _basisStride, _width;

    /// <param name="rows">Rows a call may have at most.</param>
    public HeadKernel(ForecastModel model, int rows)
    {
        _model = model;
        (_basisStride, _width) = (model.State.BasisStride, model.Config.Width);
        _timeStride = model.Layout.TimeWeight.Stride;
        _logitStride = model.Layout.Marks?.Weight.Stride ?? 0;
        _time = new AlignedBuffer((long)rows * _timeStride);
        _inner = new AlignedBuffer((long)rows * MarkHead.HiddenWidth);
        _logits = new AlignedBuffer((long)rows * _logitStride);
        _own = new AlignedBuffer((long)rows * (model.Layout.Values?.OwnStride ?? 0));
        _values = new AlignedBuffer((long)rows * (model.Layout.Values?.Stride ?? 0));
    }

    /// <summary>Time outputs of one row after <see cref="Time"/>: the mixture's, then where training was censored the logit of no
    /// next event. Shape [3k or 3k + 1, padded to 16].</summary>
    public ReadOnlySpan<float> TimeOutputs(int row) => new(_time.Pointer + (nint)row * _timeStride, _timeStride);

    /// <summary>The same as a pointer.</summary>
    public float* TimeOutputsPointer(int row) => _time.Pointer + (nint)row * _timeStride;

    /// <summary>Logit of no next event at all, after <see cref="Time"/>; negative infinity where the model does not tell.</summary>
    public double NeverLogit(int row) =>
        _model.Config.Censored ? _time.Pointer[(nint)row * _timeStride + 3 * _model.Config.Components] : double.NegativeInfinity;

    /// <summary>Logit of a gap of exactly 0, after <see cref="Time"/>; negative infinity where that has no probability of its own.</summary>
    public double TieLogit(int row) =>
        _model.Config.Ties > 0 ? _time.Pointer[(nint)row * _timeStride + _model.Config.TieOutput] : double.NegativeInfinity;

    /// <summary>Mark logits of one row after <see cref="Marks"/>, padded to 16.</summary>
    public float* MarkLogitsPointer(int row) => _logits.Pointer + (nint)row * _logitStride;

    /// <summary>Mark logits of one row after <see cref="Marks"/>. Shape [m].</summary>
    public ReadOnlySpan<float> MarkLogits(int row) => new(_logits.Pointer + (nint)row * _logitStride, _model.Config.Marks.Count);

    /// <summary>Runs the time head.</summary>
    /// <param name="basis">Shape [rows, d + adaptation].</param>
    public void Time(float* basis, int rows)
    {
        TimeAsTrained(basis, rows);
        for (int i = 0; _model.Adaptation is { } adaptation && i < rows; i++)
        {
            adaptation.AdaptGap(basis + (nint)i * _basisStride + _width, TimeOutputsPointer(i));
        }
    }

    /// <summary>The same without the streams' adaptation.</summary>
    public void TimeAsTrained(float* basis, int rows) =>
        Linear.Forward(basis, _basisStride, _model.Weights.Pointer, _model.Layout.TimeWeight, _model.Layout.TimeBias, _time.Pointer, rows);

    /// <summary>Runs the mark head.</summary>
    /// <param name="basis">Shape [rows, d + adaptation].</param>
    /// <param name="features">Shape [rows, 16].</param>
    public void Marks(float* basis, float* features, int rows)
    {
        MarksAsTrained(basis, features, rows);
        for (int i = 0; _model.Adaptation is { } adaptation && i < rows; i++)
        {
            adaptation.AdaptMarks(basis + (nint)i * _basisStride + _width, MarkLogitsPointer(i));
        }
    }

    /// <summary>The same without the streams' adaptation.</summary>
    public void MarksAsTrained(float* basis, float* features, int rows) =>
        MarkHead.Logits(_model.Weights.Pointer, _model.Layout.Marks!, basis, _basisStride, features, _inner.Pointer, _inner.Pointer,
            _logits.Pointer, rows);

    /// <summary>Runs the value head.</summary>
    /// <param name="basis">Shape [rows, d + adaptation + values].</param>
    /// <param name="marks">Index of the mark that comes. Shape [rows].</param>
    /// <param name="features">Of the gap that comes. Shape [rows, 16].</param>
    public void Values(float* basis, ReadOnlySpan<int> marks, float* features)
    {
        ValueHead head = _model.Layout.Values!;
        for (int i = 0; i < marks.Length; i++)
        {
            _model.Values!.WriteFeatures(ValueState(basis, i), new Span<float>(_own.Pointer + (nint)i * head.OwnStride, head.OwnStride));
        }
        head.Forward(_model.Weights.Pointer, basis, _basisStride, marks, features, _own.Pointer, _inner.Pointer, _inner.Pointer,
            _values.Pointer);
    }

    /// <summary>Outputs of one row after <see cref="Values"/>.</summary>
    public float* ValueOutputsPointer(int row) => _values.Pointer + (nint)row * _model.Layout.Values!.Stride;

    /// <summary>What the stream of a row has shown of its values. Shape [4v].</summary>
    public ReadOnlySpan<float> ValueState(float* basis, int row) =>
        new(basis + (nint)row * _basisStride + _model.State.ValuesAt, _model.State.ValueFloats);

    /// <inheritdoc/>
    public void Dispose()
    {
        _own.Dispose();
        _values.Dispose();
        _time.Dispose();
        _inner.Dispose();
        _logits.Dispose();
    }
}
