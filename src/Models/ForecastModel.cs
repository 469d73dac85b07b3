using System.Text;

namespace Foretell.Models;

/// <summary>Configuration, weights and baselines of one trained model. Immutable and safe to share between threads.</summary>
public sealed class ForecastModel
{
    /// <summary>Log probability that a mark training never saw is given: one in a million.</summary>
    internal const double LogUnknownMark = -13.815510557964274;

    private readonly Dictionary<string, int> _markIndex;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _markLookup;

    internal ForecastModel(ModelConfig config, AlignedBuffer weights, TimeHead timeHead)
    {
        Config = config;
        Weights = weights;
        TimeHead = timeHead;
        Layout = new ParameterLayout(config);
        var state = new StateLayout(config);
        (StateFloats, MixerFloats) = (state.Floats, state.MixerFloats);
        _markIndex = IndexMarks(config.Marks);
        _markLookup = _markIndex.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>First 16 hex digits of the SHA-256 of configuration and weights.</summary>
    public string Id { get; } = "";

    /// <summary>Floats of one state row: mixer state, then the last hidden vector.</summary>
    public int StateFloats { get; }

    /// <summary>Leading floats of a row that are mixer state.</summary>
    public int MixerFloats { get; }

    /// <summary>Index that every mark unknown to training maps to.</summary>
    public int UnknownMark => Config.Marks.Count;

    /// <summary>Numbers that training set.</summary>
    public int ParameterCount => Layout.TrainedCount;

    internal ParameterLayout Layout { get; }
    internal AlignedBuffer Weights { get; }
    internal TimeHead TimeHead { get; }
    internal IReadOnlyDictionary<string, int> MarkIndices => _markIndex;

    /// <summary>Index of a mark; <see cref="UnknownMark"/> when training never saw it. Where the model has no marks that is 0 for every event.</summary>
    public int MarkIndex(ReadOnlySpan<byte> utf8Mark)
    {
        Span<char> text = stackalloc char[256];
        return utf8Mark.Length <= text.Length && Encoding.UTF8.TryGetChars(utf8Mark, text, out int written)
            && _markLookup.TryGetValue(text[..written], out int index) ? index : UnknownMark;
    }

    /// <summary>An empty slab with the CPU's step.</summary>
    public IStateBackend CreateBackend() => new CpuStateBackend(this);

    internal static Dictionary<string, int> IndexMarks(IReadOnlyList<string> marks) =>
        marks.Select((mark, index) => (mark, index)).ToDictionary(p => p.mark, p => p.index, StringComparer.Ordinal);
}
