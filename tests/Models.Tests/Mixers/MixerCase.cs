using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.Reference;
using Foretell.Support;

namespace Foretell.Models.Tests.Mixers;

/// <summary>One mixer alone, with random weights and input, in its forms and as plain loops in double.</summary>
internal sealed unsafe class MixerCase : IDisposable
{
    private const int Seed = 71;
    private readonly ModelConfig _config;
    private readonly ParameterLayout _layout;
    private readonly Mixer _mixer;
    private readonly AlignedBuffer _weights, _hidden, _gaps;
    private readonly int[] _lengths;
    private readonly int _rows;

    public MixerCase(ModelConfig config, params int[] lengths)
    {
        (_config, _lengths, _rows) = (config, lengths, lengths.Sum());
        config.Validate();
        _layout = new ParameterLayout(config);
        _mixer = _layout.Layers[0].Mixer;
        _weights = new AlignedBuffer(_layout.Length);
        ParameterInitializer.Fill(_weights.Span, _layout, Seed, 0.01, 2);
        var random = new RandomStream(Seed);
        foreach (Parameter p in Parameters)
        {
            for (int i = 0; i < p.Columns && p.Rows == 1; i++)
            {
                _weights.Span[p.Offset + i] += (float)(0.3 * random.NextNormal());
            }
        }
        _hidden = Buffer(FiniteDifference.Numbers(Seed + 1, _rows * config.Width));
        _gaps = Buffer([.. Enumerable.Range(0, _rows).Select(_ => Math.Exp(random.NextNormal()))]);
    }

    /// <summary>The mixer's tensors.</summary>
    public IEnumerable<Parameter> Parameters =>
        _layout.All.Where(p => p.Name.StartsWith("layer.0.")
        && new[] { "score", "query", "key", "value", "decay" }.Any(p.Name["layer.0.".Length..].StartsWith));

    public double[] Hidden => Array.ConvertAll(_hidden.Span.ToArray(), x => (double)x);

    public double[] Of(Parameter p) => TestModels.Tensors(_layout, _weights.Span)[p.Name];

    /// <summary>Output of the parallel form. Shape [rows][d + heads].</summary>
    public double[][] Parallel()
    {
        using MixerPass pass = _mixer.Parallel(_rows);
        using var output = new AlignedBuffer((long)_rows * _mixer.OutputStride);
        pass.Forward(_weights.Pointer, _lengths, _gaps.Pointer, _hidden.Pointer, output.Pointer);
        return Rows(output);
    }

    /// <summary>Output of the recurrent form, event by event on a row for each sequence.</summary>
    public double[][] Recurrent()
    {
        using MixerStep step = _mixer.Recurrent(_weights.Pointer);
        using var rows = new RowStore(new StateLayout(_config, _layout), _lengths.Length);
        rows.EnsureCapacity(_lengths.Length);
        using var output = new AlignedBuffer((long)_rows * _mixer.OutputStride);
        int row = 0;
        for (int s = 0; s < _lengths.Length; s++)
        {
            for (int t = 0; t < _lengths[s]; t++, row++)
            {
                float* state = rows.Row(s), tail = rows.TailForNext(s);
                step.Advance([new StepInput(s, 0, _gaps.Span[row], t)], _hidden.Pointer + row * _config.Width, new RowTile(&state, &tail),
                    output.Pointer + row * _mixer.OutputStride);
            }
        }
        return Rows(output);
    }

    /// <summary>Gradients of sum(output x direction) by the backward pass: of the input, and the whole gradient vector.</summary>
    public (float[] Hidden, float[] Weights) Backward(double[][] direction)
    {
        using MixerPass pass = _mixer.Parallel(_rows);
        using AlignedBuffer output = new((long)_rows * _mixer.OutputStride), dOutput = new(output.Length), dHidden = new(_hidden.Length),
            gradient = new(_layout.Length);
        for (int row = 0; row < _rows; row++)
        {
            for (int j = 0; j < direction[row].Length; j++)
            {
                dOutput.Span[row * _mixer.OutputStride + j] = (float)direction[row][j];
            }
        }
        pass.Forward(_weights.Pointer, _lengths, _gaps.Pointer, _hidden.Pointer, output.Pointer);
        pass.Backward(_weights.Pointer, _lengths, _gaps.Pointer, _hidden.Pointer, output.Pointer, dOutput.Pointer, dHidden.Pointer,
            gradient.Pointer);
        return (dHidden.Span.ToArray(), gradient.Span.ToArray());
    }

    /// <summary>Output in double. Shape [rows][d + heads].</summary>
    /// <param name="changed">A tensor to use in place of the mixer's, by name.</param>
    public double[][] Reference(double[] hidden, string changed = "", double[]? values = null)
    {
        Dictionary<string, double[]> tensors = TestModels.Tensors(_layout, _weights.Span);
        double[] W(string name) => "layer.0." + name == changed ? values! : tensors["layer.0." + name];
        int d = _config.Width;
        var result = new List<double[]>();
        for (int s = 0, row = 0; s < _lengths.Length; row += _lengths[s++])
        {
            double[] gaps = [.. Enumerable.Range(row, _lengths[s]).Select(i => i == row ? 0 : (double)_gaps.Span[i])];
            double[][] x = [.. Enumerable.Range(row, _lengths[s]).Select(i => hidden[(i * d)..((i + 1) * d)])];
            if (_config.Mixer == "aaren")
            {
                ReferenceNetwork.AarenHead[] state = ReferenceNetwork.AarenHead.Create(_config);
                result.AddRange(x.Select((y, t) =>
                {
                    (double[] averages, double[] logMass) = ReferenceNetwork.Attend(_config, W, state, y, t == 0 ? null : gaps[t]);
                    return (double[])[.. averages, .. logMass];
                }));
                continue;
            }
            result.AddRange(ReferenceAttention.Run(_config, W, x, gaps)
                .Select(output => (double[])[.. output.SelectMany(h => h.Value), .. output.Select(h => h.LogMass)]));
        }
        return [.. result];
    }

    /// <summary>A number for each float of an output.</summary>
    public double[][] Direction() => [.. Enumerable.Range(0, _rows).Select(row =>
        FiniteDifference.Numbers(Seed + 2 + row, _config.Decay ? _config.Width + _config.Heads : _config.Width))];

    public void Dispose()
    {
        _weights.Dispose();
        _hidden.Dispose();
        _gaps.Dispose();
    }

    private double[][] Rows(AlignedBuffer output) => [.. Enumerable.Range(0, _rows).Select(row =>
        Array.ConvertAll(output.Span.Slice(row * _mixer.OutputStride, _config.Width + _config.Heads).ToArray(), x => (double)x))];

    private static AlignedBuffer Buffer(double[] numbers)
    {
        var buffer = new AlignedBuffer(numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
        {
            buffer.Span[i] = (float)numbers[i];
        }
        return buffer;
    }
}
