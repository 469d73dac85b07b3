using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Stepping;

/// <summary>The recurrent form of the whole network: advances a tile of state rows by one event each.</summary>
/// <remarks>Every row's arithmetic is a chain of its own; the tile only decides which rows share a load of the weights (law 5).</remarks>
internal sealed unsafe class StepKernel : IDisposable
{
    private readonly ModelConfig _config;
    private readonly ParameterLayout _layout;
    private readonly StateLayout _state;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _scratch;
    private readonly AlignedBuffer _panels;
    private readonly MixerStep[] _mixers;
    private readonly float* _x, _hidden, _attended, _inner;

    public StepKernel(ForecastModel model) : this(model.Config, model.Layout, model.State, model.Weights)
    {
    }

    /// <summary>The same of a network whose heads are not those of the next event.</summary>
    public StepKernel(ModelConfig config, ParameterLayout layout, StateLayout state, AlignedBuffer weights)
    {
        (_config, _layout, _state, _weights) = (config, layout, state, weights);
        int d = config.Width, attended = Mixer.OutputFloats(config);
        _scratch = new AlignedBuffer(RowTile.MaxRows * (long)(2 * d + attended + MatMul.PanelColumns));
        float* next = _scratch.Pointer;
        float* Take(int columns)
        {
            float* taken = next;
            next += RowTile.MaxRows * columns;
            return taken;
        }
        _x = Take(d);
        _hidden = Take(d);
        _attended = Take(attended);
        _inner = Take(MatMul.PanelColumns);
        _panels = PackPanels(config, _layout, _weights);
        _mixers = Array.ConvertAll(_layout.Layers, l => l.Mixer.Recurrent(_weights.Pointer));
    }

    /// <summary>Advances rows.</summary>
    /// <param name="inputs">At most <see cref="RowTile.MaxRows"/> events.</param>
    /// <param name="rows">Each event's row.</param>
    /// <param name="features">Features of the one input that the network has beside gap and mark; null where it has none. Shape
    /// [n, stride].</param>
    public void Advance(ReadOnlySpan<StepInput> inputs, RowTile rows, float* features = null)
    {
        int n = inputs.Length, d = _config.Width;
        float* w = _weights.Pointer;
        for (int i = 0; i < n; i++)
        {
            InputEmbedding.Write(w + _layout.EmbedMark.Offset + (nint)inputs[i].Mark * d, w + _layout.EmbedGap.Offset,
                w + _layout.EmbedBias.Offset, inputs[i].Ordinal == 0, StandardisedGap(inputs[i].Gap), _x + i * d, d);
        }
        if (features != null)
        {
            _layout.Inputs[0].Embed(w, features, _x, n);
        }
        for (int l = 0; l < _config.Layers; l++)
        {
            LayerParameters p = _layout.Layers[l];
            LayerNorm.Forward(_x, w + p.Norm1Gain.Offset, w + p.Norm1Bias.Offset, _hidden, null, null, n, d);
            _mixers[l].Advance(inputs, _hidden, rows, _attended);
            Linear.Forward(_attended, p.Mixer.OutputStride, w, p.OutputWeight, p.OutputBias, _x, n, true);
            LayerNorm.Forward(_x, w + p.Norm2Gain.Offset, w + p.Norm2Bias.Offset, _hidden, null, null, n, d);
            FeedForward(l, n);
        }
        LayerNorm.Forward(_x, w + _layout.NormGain.Offset, w + _layout.NormBias.Offset, _hidden, null, null, n, d);
        for (int i = 0; i < n; i++)
        {
            Unsafe.CopyBlock(rows.Fixed[i] + _state.MixerFloats, _hidden + i * d, (uint)d * sizeof(float));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratch.Dispose();
        Array.ForEach(_mixers, m => m.Dispose());
        _panels.Dispose();
    }

    /// <summary>x += W_2 silu(W_1 hidden + b_1) + b_2, 64 inner columns at a time, so that they never leave the first-level
    /// cache.</summary>
    private void FeedForward(int layer, int rows)
    {
        int d = _config.Width;
        float* w = _weights.Pointer;
        LayerParameters p = _layout.Layers[layer];
        for (int column = 0; column < 4 * d; column += MatMul.PanelColumns)
        {
            float* panel = _panels.Pointer + ((nint)layer * 4 * d + column) * d;
            MatMul.Run(_hidden, d, 1, panel, MatMul.PanelColumns, w + p.InBias.Offset + column, _inner, MatMul.PanelColumns,
                rows, d, MatMul.PanelColumns, false);
            Silu.Forward(_inner, _inner, (long)rows * MatMul.PanelColumns);
            MatMul.Run(_inner, MatMul.PanelColumns, 1, w + p.OutWeight.Offset + (nint)column * d, d,
                column == 0 ? w + p.OutBias.Offset : null, _x, d, rows, MatMul.PanelColumns, d, true);
        }
    }

    /// <summary>The feed-forward's first matrix in panels of 64 columns.</summary>
    private static AlignedBuffer PackPanels(ModelConfig config, ParameterLayout layout, AlignedBuffer weights)
    {
        int d = config.Width;
        var panels = new AlignedBuffer((long)config.Layers * 4 * d * d);
        float* next = panels.Pointer;
        foreach (LayerParameters p in layout.Layers)
        {
            for (int column = 0; column < 4 * d; column += MatMul.PanelColumns)
            {
                for (int k = 0; k < d; k++, next += MatMul.PanelColumns)
                {
                    new ReadOnlySpan<float>(weights.Pointer + p.InWeight.Offset + (nint)k * 4 * d + column, MatMul.PanelColumns)
                        .CopyTo(new Span<float>(next, MatMul.PanelColumns));
                }
            }
        }
        return panels;
    }

    private float StandardisedGap(double gap)
    {
        // Our own logarithm, since the runtime's differs between platforms and the row must not.
        var log = VectorMath.Log(Vector512.Create((float)Math.Max(gap, _config.GapFloor)));
        return (log[0] - (float)_config.LogGapMean) / (float)_config.LogGapDeviation;
    }
}
