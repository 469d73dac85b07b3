using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Gradients of linear attention, one event after the other from a sequence's last to its first.</summary>
/// <remarks>What flows back in time is the gradient of the averages [d, d_h] and of the log-masses [d].</remarks>
internal sealed unsafe class LinearGradient(ModelConfig config, long length) : IDisposable
{
    private readonly int _width = config.Width, _headWidth = config.Width / config.Heads;
    private readonly AlignedBuffer _queries = new(length), _keys = new(length), _values = new(length);
    private readonly AlignedBuffer _averages = new(LinearMixer.AverageFloats(config) + LinearAttention.Slack);
    private readonly AlignedBuffer _masses = new(config.Width), _time = new(config.Width), _events = new(config.Width);

    /// <summary>Gradient of ln phi(q). Shape [rows, d].</summary>
    public float* Queries => _queries.Pointer;

    /// <summary>Gradient of ln phi(k). Shape [rows, d].</summary>
    public float* Keys => _keys.Pointer;

    /// <summary>Shape [rows, d].</summary>
    public float* Values => _values.Pointer;

    /// <summary>Forgets the last pass.</summary>
    public void Clear()
    {
        _values.Span.Clear();
        _time.Span.Clear();
        _events.Span.Clear();
    }

    /// <summary>Nothing flows back from behind a sequence's end.</summary>
    public void BeginSequence()
    {
        _averages.Span.Clear();
        _masses.Span.Clear();
    }

    /// <summary>Goes back over one event.</summary>
    /// <param name="before">State before it.</param>
    /// <param name="after">State after it.</param>
    /// <param name="gates">Shares of the event in the features. Shape [d].</param>
    /// <param name="shares">Weights of the features. Shape [d].</param>
    /// <param name="row">The event.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Back(float* before, float* after, float* values, float* gates, float* shares, float gap, bool first,
        float* output, float* dOutput, int row)
    {
        int d = _width, headWidth = _headWidth;
        float* dQueries = _queries.Pointer + (nint)row * d, dKeys = _keys.Pointer + (nint)row * d,
            dValues = _values.Pointer + (nint)row * d;
        var tail = LinearAttention.Tail(headWidth);
        for (int i = 0; i < d; i++)
        {
            int head = i / headWidth, start = head * headWidth;
            float share = shares[i], gate = gates[i];
            Vector512<float> read = Vector512<float>.Zero, moved = Vector512<float>.Zero;
            for (int j = 0; j < headWidth; j += 16)
            {
                nint at = (nint)i * headWidth + j;
                bool partial = j + 16 > headWidth;
                var dOut = Vector512.Load(dOutput + start + j);
                var old = Vector512.Load(before + at);
                var carried = Vector512.Load(_averages.Pointer + at);
                var flow = Vector512.FusedMultiplyAdd(Vector512.Create(share), dOut, carried);
                // The mean over the head is taken off first: the shares sum to 1.
                var readPart = dOut * (Vector512.Load(after + at) - Vector512.Load(output + start + j));
                var movedPart = flow * (Vector512.Load(values + start + j) - old);
                var kept = flow * Vector512.Create(1 - gate);
                var dValue = Vector512.Load(dValues + start + j);
                var toValue = Vector512.FusedMultiplyAdd(Vector512.Create(gate), flow, dValue);
                if (partial)
                {
                    readPart = Vector512.ConditionalSelect(tail, readPart, Vector512<float>.Zero);
                    movedPart = Vector512.ConditionalSelect(tail, movedPart, Vector512<float>.Zero);
                    kept = Vector512.ConditionalSelect(tail, kept, carried);
                    toValue = Vector512.ConditionalSelect(tail, toValue, dValue);
                }
                read += readPart;
                moved += movedPart;
                kept.Store(_averages.Pointer + at);
                toValue.Store(dValues + start + j);
            }
            float dQuery = share * (VectorMath.Sum(read) + (config.Decay ? dOutput[d + head] : 0));
            float dMass = _masses.Pointer[i] + dQuery;
            float through = VectorMath.Sum(moved) * gate * (1 - gate);
            dQueries[i] = dQuery;
            dKeys[i] = dMass * gate + through;
            float back = dMass * (1 - gate) - through;
            _masses.Pointer[i] = back;
            if (!first)
            {
                _time.Pointer[i] -= gap * back;
                _events.Pointer[i] -= back;
            }
        }
    }

    /// <summary>Adds the gradients of the decays to the gradient vector.</summary>
    public void AddDecay(HeadDecay decay, float* weights, float* gradient)
    {
        float* time = stackalloc float[Mixer.MaxHeads], events = stackalloc float[Mixer.MaxHeads];
        new Span<float>(time, Mixer.MaxHeads).Clear();
        new Span<float>(events, Mixer.MaxHeads).Clear();
        for (int i = 0; i < _width; i++)
        {
            time[i / _headWidth] += _time.Pointer[i];
            events[i / _headWidth] += _events.Pointer[i];
        }
        decay.Backward(weights, time, events, gradient);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AlignedBuffer buffer in new[] { _queries, _keys, _values, _averages, _masses, _time, _events })
        {
            buffer.Dispose();
        }
    }
}
