using System.Runtime.InteropServices;
using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Causal attention with a cache of keys and values: of all events, or of as many as a policy keeps.</summary>
/// <remarks>
/// With decay an event's score falls with its age as Aaren's does: the only position that attention knows of.
/// State of a layer: events seen (i64, two floats), time since the stream's first event as leading and trailing float,
/// 12 zeros; then the cache (<see cref="KvBlocks"/>): within the row where a policy bounds it, one after the other for
/// the sets of heads that choose apart; else in the row's tail, which grows by a block a layer every 16 events.
/// Source: Vaswani et al. 2017; the multi-state view and the policies from Oren et al. 2024 (<see cref="Eviction"/>).
/// </remarks>
internal sealed unsafe class SoftmaxMixer : Mixer
{
    /// <summary>Floats in front of the cache.</summary>
    public const int HeaderFloats = 16;

    private readonly MixerName _name;

    public SoftmaxMixer(ModelConfig config, int layer, AddParameter add) : base(config, layer)
    {
        _name = MixerName.Parse(config.Mixer);
        Projections = new QueryKeyValue(config, add);
        Decay = new HeadDecay(config, add);
        Sets = _name.Kind == MixerKind.H2O ? config.Heads : 1;
        SetFloats = KvBlocks.CountFor(config.States) * KvBlocks.Floats(config.Width / Sets);
    }

    /// <summary>Projections.</summary>
    public QueryKeyValue Projections { get; }

    /// <summary>How fast scores fall with age.</summary>
    public HeadDecay Decay { get; }

    /// <summary>Sets of heads that keep the same events.</summary>
    public int Sets { get; }

    /// <summary>Floats of one set's cache within the row.</summary>
    public int SetFloats { get; }

    /// <summary>Factor of the scores: 1 / sqrt(d_h).</summary>
    public float Scale => 1 / MathF.Sqrt((float)Config.Width / Config.Heads);

    /// <inheritdoc/>
    public override int StateFloats => HeaderFloats + Sets * SetFloats;

    /// <inheritdoc/>
    public override int TailBlockFloats => _name.IsBounded ? 0 : KvBlocks.Floats(Config.Width);

    /// <inheritdoc/>
    public override long? Events(ReadOnlySpan<float> state) => MemoryMarshal.Read<long>(MemoryMarshal.AsBytes(state));

    /// <inheritdoc/>
    public override bool IsFinite(ReadOnlySpan<float> state)
    {
        if (!FiniteNumbers.Are(state[(sizeof(long) / sizeof(float))..HeaderFloats]))
        {
            return false;
        }
        int block = KvBlocks.Floats(Config.Width / Sets);
        for (ReadOnlySpan<float> cache = state[HeaderFloats..]; !cache.IsEmpty; cache = cache[block..])
        {
            if (!KvBlocks.IsFinite(cache[..block]))
            {
                return false;
            }
        }
        return true;
    }

    /// <inheritdoc/>
    public override void WriteEmpty(Span<float> state) => state.Clear();

    /// <inheritdoc/>
    public override MixerStep Recurrent(float* weights) => new SoftmaxStep(this, Config, Layer, _name, weights);

    /// <inheritdoc/>
    public override MixerPass Parallel(int rows) => _name.IsBounded ? new SteppedPass(this, Config) : new SoftmaxPass(this, Config, rows);
}
