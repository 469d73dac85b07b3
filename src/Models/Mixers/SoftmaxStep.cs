using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Softmax attention's recurrent form: attend to what is kept and to the event itself, then keep it, or drop one.</summary>
internal sealed unsafe class SoftmaxStep : MixerStep
{
    private const float Never = -1e30f;

    private readonly SoftmaxMixer _mixer;
    private readonly ModelConfig _config;
    private readonly int _layer, _headWidth, _setWidth, _setHeads;
    private readonly bool _bounded, _accumulates;
    private readonly Eviction _eviction;
    private readonly AlignedBuffer _scratch, _rates = new(2 * Mixer.MaxHeads);
    private readonly float* _weights, _queries, _keys, _values;
    private AlignedBuffer _attention = new(0);

    public SoftmaxStep(SoftmaxMixer mixer, ModelConfig config, int layer, MixerName name, float* weights)
    {
        (_mixer, _config, _layer) = (mixer, config, layer);
        _weights = weights;
        (_headWidth, _setWidth, _setHeads) = (config.Width / config.Heads, config.Width / mixer.Sets, config.Heads / mixer.Sets);
        (_bounded, _accumulates, _eviction) = (name.IsBounded, name.Kind == MixerKind.H2O, new Eviction(name, config.States));
        int tile = RowTile.MaxRows * config.Width;
        _scratch = new AlignedBuffer(3L * tile);
        _queries = _scratch.Pointer;
        _keys = _queries + tile;
        _values = _keys + tile;
        mixer.Decay.Rates(weights, _rates.Pointer, _rates.Pointer + Mixer.MaxHeads);
    }

    /// <inheritdoc/>
    public override void Advance(ReadOnlySpan<StepInput> inputs, float* hidden, RowTile rows, float* output)
    {
        int d = _config.Width;
        _mixer.Projections.Forward(_weights, hidden, _queries, _keys, _values, inputs.Length);
        float scale = _mixer.Scale;
        for (int i = 0; i < inputs.Length * d; i++)
        {
            _queries[i] *= scale;
        }
        for (int i = 0; i < inputs.Length; i++)
        {
            float* state = rows.Fixed[i] + _mixer.StateOffset;
            if (inputs[i].Ordinal > 0)
            {
                (Vector512<float> high, Vector512<float> low) =
                    AarenLanes.Add(Vector512.Create(state[2]), Vector512.Create(state[3]), Vector512.Create((float)inputs[i].Gap));
                (state[2], state[3]) = (high[0], low[0]);
            }
            long seen = *(long*)state;
            float* result = output + i * _mixer.OutputStride;
            Vector512<float>.Zero.Store(result + d);
            for (int set = 0; set < _mixer.Sets; set++)
            {
                KvBlocks blocks = _bounded
                    ? new KvBlocks(state + SoftmaxMixer.HeaderFloats + set * _mixer.SetFloats, KvBlocks.Floats(_setWidth), _setWidth,
                        (int)Math.Min(seen, _config.States))
                    : new KvBlocks(rows.Tails[i] + (nint)_layer * _mixer.TailBlockFloats, _config.Layers * _mixer.TailBlockFloats,
                        _setWidth, checked((int)seen));
                int first = i * d + set * _setWidth;
                Attend(blocks, set * _setHeads, state[2], state[3], (uint)seen, _queries + first, _keys + first, _values + first,
                    result + set * _setWidth, result + d);
                Keep(blocks, state[2], state[3], (uint)seen, _keys + first, _values + first);
            }
            *(long*)state = seen + 1;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _scratch.Dispose();
        _rates.Dispose();
        _attention.Dispose();
    }

    /// <summary>Attention of the set's heads; leaves the weights of kept events and newest in the scratch, one line a head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(KvBlocks blocks, int firstHead, float high, float low, uint ordinal, float* query, float* key, float* value,
        float* output, float* logMass)
    {
        int count = blocks.Count, line = Line(blocks);
        if (_attention.Length < (long)_setHeads * line)
        {
            _attention.Dispose();
            _attention = new AlignedBuffer(2L * _setHeads * line);
        }
        for (int b = 0; b < count; b++)
        {
            Vector512<float> age = blocks.Age(b, high, low), events = blocks.EventAge(b, ordinal), alive = blocks.Alive(b);
            for (int h = 0; h < _setHeads; h++)
            {
                var score = Vector512<float>.Zero;
                for (int j = h * _headWidth; j < (h + 1) * _headWidth; j++)
                {
                    score = Vector512.FusedMultiplyAdd(Vector512.Create(query[j]), Vector512.Load(blocks.Keys(b, j)), score);
                }
                score = Vector512.FusedMultiplyAdd(-age, Vector512.Create(_rates.Pointer[firstHead + h]), score);
                score = Vector512.FusedMultiplyAdd(-events, Vector512.Create(_rates.Pointer[Mixer.MaxHeads + firstHead + h]), score);
                Vector512.ConditionalSelect(alive, score, Vector512.Create(Never))
                    .Store(_attention.Pointer + h * line + b * KvBlocks.Events);
            }
        }
        for (int h = 0; h < _setHeads; h++)
        {
            int start = h * _headWidth, end = start + _headWidth;
            float own = 0;
            for (int j = start; j < end; j++)
            {
                own = MathF.FusedMultiplyAdd(query[j], key[j], own);
            }
            float* weights = _attention.Pointer + h * line;
            logMass[firstHead + h] = Normalise(weights, count, own, weights + count * KvBlocks.Events);
            float newest = weights[count * KvBlocks.Events];
            for (int j = start; j < end; j++)
            {
                var sum = Vector512<float>.Zero;
                for (int b = 0; b < count; b++)
                {
                    sum = Vector512.FusedMultiplyAdd(Vector512.Load(weights + b * KvBlocks.Events),
                        Vector512.Load(blocks.Values(b, j)), sum);
                }
                output[j] = MathF.FusedMultiplyAdd(newest, value[j], VectorMath.Sum(sum));
            }
        }
    }

    /// <summary>Turns scores into weights that sum to 1.</summary>
    /// <param name="own">Score of the newest event.</param>
    /// <param name="newest">Output: its weight.</param>
    /// <returns>Logarithm of the sum of the exponentials.</returns>
    private static float Normalise(float* scores, int blocks, float own, float* newest)
    {
        var largest = Vector512.Create(own);
        for (int b = 0; b < blocks; b++)
        {
            largest = Vector512.Max(largest, Vector512.Load(scores + b * KvBlocks.Events));
        }
        float max = VectorMath.Max(largest);
        var sum = Vector512<float>.Zero;
        for (int b = 0; b < blocks; b++)
        {
            var weight = VectorMath.Weight(Vector512.Load(scores + b * KvBlocks.Events) - Vector512.Create(max));
            weight.Store(scores + b * KvBlocks.Events);
            sum += weight;
        }
        float ownWeight = VectorMath.Weight(Vector512.Create(own - max))[0], total = VectorMath.Sum(sum) + ownWeight, inverse = 1 / total;
        for (int b = 0; b < blocks; b++)
        {
            (Vector512.Load(scores + b * KvBlocks.Events) * Vector512.Create(inverse)).Store(scores + b * KvBlocks.Events);
        }
        *newest = ownWeight * inverse;
        return max + VectorMath.Log(Vector512.Create(total))[0];
    }

    /// <summary>Keeps the newest event: behind the others while there is room, else in the place of the one that leaves.</summary>
    private void Keep(KvBlocks blocks, float high, float low, uint ordinal, float* key, float* value)
    {
        int kept = blocks.Kept, slot = kept, line = Line(blocks), newest = blocks.Count * KvBlocks.Events;
        if (!_bounded)
        {
            // Nobody leaves, so nobody asks who was attended to.
            blocks.Put(slot, high, low, ordinal, 0, key, value);
            return;
        }
        float* weights = _attention.Pointer;
        for (int h = 1; h < _setHeads; h++)
        {
            for (int i = 0; i <= newest; i++)
            {
                weights[i] += weights[h * line + i];
            }
        }
        if (_accumulates)
        {
            for (int b = 0; b < blocks.Count; b++)
            {
                var sum = Vector512.Load(blocks.Attention(b)) + Vector512.Load(weights + b * KvBlocks.Events);
                sum.Store(blocks.Attention(b));
                sum.Store(weights + b * KvBlocks.Events);
            }
        }
        float attention = weights[newest];
        weights[kept] = attention;
        if (kept == _config.States)
        {
            slot = _eviction.Choose(blocks, ordinal, weights);
            if (slot == kept)
            {
                return;
            }
        }
        blocks.Put(slot, high, low, ordinal, _accumulates ? attention : 0, key, value);
    }

    /// <summary>Floats of a head's weights: those of the blocks, then the newest event's.</summary>
    private static int Line(KvBlocks blocks) => (blocks.Count + 1) * KvBlocks.Events;
}
