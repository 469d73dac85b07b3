using System.Globalization;

namespace Foretell.Models.Configuration;

/// <summary>Kinds of mixer.</summary>
internal enum MixerKind
{
    /// <summary>Running softmax of a constant query.</summary>
    Aaren,
    /// <summary>Linear attention.</summary>
    Linear,
    /// <summary>Causal attention over all events.</summary>
    Softmax,
    /// <summary>Softmax that drops the event with the least attention.</summary>
    Tova,
    /// <summary>Softmax over the latest events, and the first few where the name says so.</summary>
    Window,
    /// <summary>Softmax over the latest events and those with the most attention so far.</summary>
    H2O,
}

/// <summary>What <see cref="ModelConfig.Mixer"/> says.</summary>
/// <param name="Kind">Kind of mixer.</param>
/// <param name="First">Of a window: events from the stream's beginning that stay; else 0.</param>
internal readonly record struct MixerName(MixerKind Kind, int First = 0)
{
    /// <summary>Names for messages.</summary>
    public const string Allowed = "aaren, linear, softmax, tova, window, window+i (a number i of first events stays) or h2o";

    private const string FirstPrefix = "window+";

    private static readonly (string Text, MixerKind Kind)[] s_kinds =
    [
        ("aaren", MixerKind.Aaren), ("linear", MixerKind.Linear), ("softmax", MixerKind.Softmax),
        ("tova", MixerKind.Tova), ("window", MixerKind.Window), ("h2o", MixerKind.H2O),
    ];

    /// <summary>A policy that bounds the states of a trained softmax model.</summary>
    public bool IsBounded => Kind is MixerKind.Tova or MixerKind.Window or MixerKind.H2O;

    /// <summary>Every name but those of windows that keep first events.</summary>
    public static IEnumerable<string> All => s_kinds.Select(k => k.Text);

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string text, out MixerName name)
    {
        if (text.StartsWith(FirstPrefix, StringComparison.Ordinal))
        {
            bool holds = int.TryParse(text.AsSpan(FirstPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int first)
                && first > 0;
            name = new MixerName(MixerKind.Window, first);
            return holds;
        }
        int at = Array.FindIndex(s_kinds, k => k.Text == text);
        name = at < 0 ? default : new MixerName(s_kinds[at].Kind);
        return at >= 0;
    }

    /// <summary>Reads a name that is known to be one.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static MixerName Parse(string text) =>
        TryParse(text, out MixerName name) ? name : throw new ArgumentException($"Model mixer must be {Allowed}, got '{text}'.");
}
