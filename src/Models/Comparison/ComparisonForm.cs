using Foretell.Models.Configuration;

namespace Foretell.Models.Comparison;

/// <summary>One way to mix a stream's events that a comparison trains, or bounds after training.</summary>
/// <param name="Name">As the user types it: "aaren", "aaren-plain", "tova".</param>
/// <param name="Mixer">What <see cref="ModelConfig.Mixer"/> says; "window+i" leaves the number of first events open.</param>
/// <param name="Decay">False for the papers' plain forms.</param>
public sealed record ComparisonForm(string Name, string Mixer, bool Decay)
{
    private const string PlainSuffix = "-plain", Reference = "softmax", AnyFirst = "window+i";
    private const int MostFirst = 4;

    /// <summary>Every mixer that is trained, with decay and plain, then the policies that bound softmax.</summary>
    public static IReadOnlyList<ComparisonForm> Default { get; } =
    [
        .. Mixers(bounded: false).SelectMany(m => new[] { Parse(m), Parse(m + PlainSuffix) }),
        .. Mixers(bounded: true)
            .SelectMany(m => MixerName.Parse(m).Kind == MixerKind.Window ? new[] { Parse(m), Parse(AnyFirst) } : [Parse(m)]),
    ];

    /// <summary>The form needs no training of its own: it bounds the states of a trained softmax model.</summary>
    public bool IsBounded => Mixer == AnyFirst || MixerName.Parse(Mixer).IsBounded;

    /// <summary>The form whose training this one uses: itself, or softmax.</summary>
    public ComparisonForm Trained => IsBounded ? Of(Reference, Decay) : this;

    /// <summary>Reads a name: that of a mixer, or of its plain form with "-plain" behind it.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static ComparisonForm Parse(string name)
    {
        bool plain = name.EndsWith(PlainSuffix, StringComparison.Ordinal);
        string mixer = plain ? name[..^PlainSuffix.Length] : name;
        return mixer == AnyFirst || MixerName.TryParse(mixer, out _)
            ? Of(mixer, !plain)
            : throw new ArgumentException(
                $"There is no mixer '{name}' to compare; expected {string.Join(", ", Default.Select(f => f.Name))}, or the plain form of a policy, such as tova-plain.");
    }

    /// <summary>The name of the mixer at a number of kept events. A window+i keeps a quarter of them, at least 1 and at most 4,
    /// from the stream's beginning; a single one leaves no room for that.</summary>
    public string MixerAt(int states) => Mixer != AnyFirst ? Mixer
        : states == 1 ? "window" : $"window+{Math.Clamp(states / 4, 1, MostFirst)}";

    private static ComparisonForm Of(string mixer, bool decay) => new(decay ? mixer : mixer + PlainSuffix, mixer, decay);

    private static IEnumerable<string> Mixers(bool bounded) => MixerName.All.Where(m => MixerName.Parse(m).IsBounded == bounded);
}
