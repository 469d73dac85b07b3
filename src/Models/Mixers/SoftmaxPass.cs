using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Softmax attention's parallel form: matrix products over blocks of queries, causal, forwards and backwards.</summary>
/// <remarks>
/// Keeps only the log of each row's normaliser and computes the weights again on the way back, so memory grows with the
/// length and not with its square. Source of that: Dao et al., "FlashAttention", NeurIPS 2022.
/// Ages are differences of times summed in double, exact where two events are close and the stream is old.
/// </remarks>
internal sealed unsafe class SoftmaxPass : MixerPass
{
    private const int Queries = 32;

    private readonly SoftmaxMixer _mixer;
    private readonly ModelConfig _config;
    private readonly HeadPanels _shape;
    private readonly int _width, _heads, _headWidth;
    private readonly AlignedBuffer _queries, _keys, _values, _rates = new(2 * Mixer.MaxHeads);
    private SoftmaxScratch? _scratch;
    private SoftmaxGradient? _gradient;
    private AlignedBuffer? _dQueries, _dKeys, _dValues;

    public SoftmaxPass(SoftmaxMixer mixer, ModelConfig config, int rows)
    {
        (_mixer, _config, _shape) = (mixer, config, new HeadPanels(config.Width, config.Heads));
        (_width, _heads, _headWidth) = (config.Width, config.Heads, config.Width / config.Heads);
        (_queries, _keys, _values) = (new((long)rows * _width), new((long)rows * _width), new((long)rows * _width));
    }

    /// <inheritdoc/>
    public override void Forward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output)
    {
        int rows = Sum(lengths);
        _mixer.Projections.Forward(weights, hidden, _queries.Pointer, _keys.Pointer, _values.Pointer, rows);
        _mixer.Decay.Rates(weights, _rates.Pointer, _rates.Pointer + Mixer.MaxHeads);
        Multiply(_queries.Pointer, _mixer.Scale, (long)rows * _width);
        int row = 0;
        foreach (int n in lengths)
        {
            SoftmaxScratch scratch = Prepare(row, n, gaps);
            for (int start = 0; start < n; start += Queries)
            {
                int end = Math.Min(n, start + Queries);
                scratch.SetAges(start, end);
                for (int head = 0; head < _heads; head++)
                {
                    float* result = output + (nint)(row + start) * _mixer.OutputStride;
                    Attend(scratch, row, head, start, end, result);
                }
                ClearLanes(output + (nint)(row + start) * _mixer.OutputStride + _width, end - start);
            }
            row += n;
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output,
        float* dOutput, float* dHidden, float* gradient)
    {
        _dQueries ??= new AlignedBuffer(_queries.Length);
        _dKeys ??= new AlignedBuffer(_queries.Length);
        _dValues ??= new AlignedBuffer(_queries.Length);
        float* dTime = stackalloc float[Mixer.MaxHeads], dEvents = stackalloc float[Mixer.MaxHeads];
        new Span<float>(dTime, Mixer.MaxHeads).Clear();
        new Span<float>(dEvents, Mixer.MaxHeads).Clear();
        int row = 0, stride = _mixer.OutputStride;
        foreach (int n in lengths)
        {
            SoftmaxScratch scratch = Prepare(row, n, gaps);
            nint first = (nint)row * _width;
            if (_gradient is null || _gradient.Capacity < n)
            {
                _gradient?.Dispose();
                _gradient = new SoftmaxGradient(_shape, n + n / 4);
            }
            _gradient.Prepare(_queries.Pointer + first, _keys.Pointer + first, _values.Pointer + first, dOutput + (nint)row * stride,
                stride, n);
            for (int start = 0; start < n; start += Queries)
            {
                int end = Math.Min(n, start + Queries);
                scratch.SetAges(start, end);
                for (int head = 0; head < _heads; head++)
                {
                    Back(scratch, _gradient, row, head, start, end, output + (nint)(row + start) * stride,
                        dOutput + (nint)(row + start) * stride, dTime, dEvents);
                }
            }
            _gradient.Write(_dQueries.Pointer + first, _dKeys.Pointer + first, _dValues.Pointer + first, n);
            row += n;
        }
        Multiply(_dQueries.Pointer, _mixer.Scale, (long)row * _width);
        _mixer.Decay.Backward(weights, dTime, dEvents, gradient);
        _mixer.Projections.Backward(weights, hidden, _dQueries.Pointer, _dKeys.Pointer, _dValues.Pointer, dHidden, row, gradient);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (AlignedBuffer? buffer in new[] { _queries, _keys, _values, _rates, _dQueries, _dKeys, _dValues })
        {
            buffer?.Dispose();
        }
        _scratch?.Dispose();
        _gradient?.Dispose();
    }

    private SoftmaxScratch Prepare(int row, int n, float* gaps)
    {
        if (_scratch is null || _scratch.Capacity < n)
        {
            _scratch?.Dispose();
            _scratch = new SoftmaxScratch(_shape, Queries, n + n / 4);
        }
        _scratch.Prepare(gaps + row, _keys.Pointer + (nint)row * _width, _values.Pointer + (nint)row * _width, n);
        return _scratch;
    }

    /// <summary>Scores of queries start to end against all events; those after a query are the caller's to leave out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(SoftmaxScratch scratch, int row, int head, int start, int end)
    {
        int columns = HeadPanels.Padded(end), line = scratch.Line;
        MatMul.Run(_queries.Pointer + (nint)(row + start) * _width + head * _headWidth, _width, 1, scratch.Keys(head), line, null,
            scratch.Weights, line, end - start, _headWidth, columns, false);
        Vector512<float> time = Vector512.Create(_rates.Pointer[head]), events = Vector512.Create(_rates.Pointer[Mixer.MaxHeads + head]);
        for (int i = start; i < end; i++)
        {
            float* score = scratch.Weights + (nint)(i - start) * line, age = scratch.Ages + (nint)(i - start) * line;
            for (int j = 0; j < columns; j += 16)
            {
                var eventAge = Vector512.ConvertToSingle(Vector512.Create(i - j) - Vector512.CreateSequence(0, 1));
                var faded = Vector512.FusedMultiplyAdd(-Vector512.Load(age + j), time, Vector512.Load(score + j));
                Vector512.FusedMultiplyAdd(-eventAge, events, faded).Store(score + j);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(SoftmaxScratch scratch, int row, int head, int start, int end, float* output)
    {
        Score(scratch, row, head, start, end);
        int columns = HeadPanels.Padded(end), line = scratch.Line;
        for (int i = start; i < end; i++)
        {
            float* weight = scratch.Weights + (nint)(i - start) * line;
            var largest = Vector512.Create(weight[i]);
            for (int j = 0; j <= i; j += 16)
            {
                largest = Vector512.ConditionalSelect(Past(i, j), Vector512.Max(largest, Vector512.Load(weight + j)), largest);
            }
            float max = VectorMath.Max(largest);
            var sum = Vector512<float>.Zero;
            for (int j = 0; j < columns; j += 16)
            {
                var share = Vector512.ConditionalSelect(Past(i, j), VectorMath.Weight(Vector512.Load(weight + j) - Vector512.Create(max)),
                    Vector512<float>.Zero);
                share.Store(weight + j);
                sum += share;
            }
            float total = VectorMath.Sum(sum);
            output[(i - start) * (nint)_mixer.OutputStride + _width + head] = max + VectorMath.Log(Vector512.Create(total))[0];
            Multiply(weight, 1 / total, columns);
        }
        MatMul.Run(scratch.Weights, line, 1, scratch.Values(head), _shape.Row, null, scratch.Result, _shape.Row, end - start, end,
            _shape.Row, false);
        for (int i = 0; i < end - start; i++)
        {
            new Span<float>(scratch.Result + i * _shape.Row, _headWidth)
                .CopyTo(new Span<float>(output + (nint)i * _mixer.OutputStride + head * _headWidth, _headWidth));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Back(SoftmaxScratch scratch, SoftmaxGradient gradients, int row, int head, int start, int end, float* output,
        float* dOutput, float* dTime, float* dEvents)
    {
        Score(scratch, row, head, start, end);
        int columns = HeadPanels.Padded(end), line = scratch.Line, stride = _mixer.OutputStride;
        MatMul.Run(dOutput + head * _headWidth, stride, 1, gradients.Values(head, scratch.Length), line, null, scratch.Gradients, line,
            end - start, _headWidth, columns, false);
        Vector512<float> time = Vector512<float>.Zero, events = Vector512<float>.Zero;
        for (int i = start; i < end; i++)
        {
            float* weight = scratch.Weights + (nint)(i - start) * line, gradient = scratch.Gradients + (nint)(i - start) * line,
                age = scratch.Ages + (nint)(i - start) * line;
            var logNormaliser = Vector512.Create(output[(i - start) * (nint)stride + _width + head]);
            var dot = Vector512<float>.Zero;
            for (int j = 0; j < columns; j += 16)
            {
                var share = Vector512.ConditionalSelect(Past(i, j), VectorMath.Weight(Vector512.Load(weight + j) - logNormaliser),
                    Vector512<float>.Zero);
                share.Store(weight + j);
                dot = Vector512.FusedMultiplyAdd(share, Vector512.Load(gradient + j), dot);
            }
            // The log-mass is the log of the normaliser: its gradient reaches every score by the score's weight.
            var shift = Vector512.Create((_config.Decay ? dOutput[(i - start) * (nint)stride + _width + head] : 0) - VectorMath.Sum(dot));
            for (int j = 0; j < columns; j += 16)
            {
                var dScore = Vector512.Load(weight + j) * (Vector512.Load(gradient + j) + shift);
                dScore.Store(gradient + j);
                time = Vector512.FusedMultiplyAdd(-dScore, Vector512.Load(age + j), time);
                events = Vector512.FusedMultiplyAdd(-dScore,
                    Vector512.ConvertToSingle(Vector512.Create(i - j) - Vector512.CreateSequence(0, 1)), events);
            }
        }
        dTime[head] += VectorMath.Sum(time);
        dEvents[head] += VectorMath.Sum(events);
        gradients.Add(scratch, head, start, end);
    }

    /// <summary>Lanes j to j + 15 that are not after i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Past(int i, int j) =>
        Vector512.LessThanOrEqual(Vector512.CreateSequence(j, 1), Vector512.Create(i)).AsSingle();

    /// <summary>Log-mass lanes past the heads are 0.</summary>
    private void ClearLanes(float* logMass, int rows)
    {
        for (int i = 0; i < rows; i++)
        {
            new Span<float>(logMass + (nint)i * _mixer.OutputStride + _heads, Mixer.MaxHeads - _heads).Clear();
        }
    }

    private static void Multiply(float* x, float factor, long length)
    {
        for (long i = 0; i < length; i += 16)
        {
            (Vector512.Load(x + i) * Vector512.Create(factor)).Store(x + i);
        }
    }
}
