using System.Text.Json.Serialization;

namespace Foretell.Models.Configuration;

/// <summary>Everything about a model but its weights. Kept in the weights file's metadata.</summary>
public sealed record ModelConfig
{
    /// <summary>Most events that a policy may keep per layer.</summary>
    public const int MaxStates = 4096;

    /// <summary>Most marks that a model may know.</summary>
    public const int MaxMarks = 4096;

    /// <summary>Hidden width d. A multiple of 16 and of <see cref="Heads"/>.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Number of layers L, 1 or more.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Attention heads H per layer, at most 16.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Mixture components K of the inter-event time distribution.</summary>
    public int Components { get; init; } = 16;

    /// <summary>Attention part of a layer: aaren, linear, softmax; or a policy that bounds a softmax model: tova, window,
    /// window+i, h2o.</summary>
    public string Mixer { get; init; } = "aaren";

    /// <summary>Events that a policy keeps per layer; 0 for mixers without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int States { get; init; }

    /// <summary>Heads forget at a learned rate and expose their log-mass. False is the paper's plain form.</summary>
    public bool Decay { get; init; } = true;

    /// <summary>Training counted the silence after each stream's last event, and the time head has one more output: the logit of
    /// no next event at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Censored { get; init; }

    /// <summary>Seconds per unit of the model's inter-event times (3600: hours).</summary>
    public double TimeUnitSeconds { get; init; } = 1;

    /// <summary>Clock grid on which the training times sat, in time units; 0 when they are continuous.</summary>
    public double Resolution { get; init; }

    /// <summary>Inter-event times below this are treated as this, in time units. Above 0.</summary>
    public double GapFloor { get; init; } = 1e-6;

    /// <summary>Longest wait that a mean forecast counts, in time units: ten times the longest gap of training.</summary>
    public double GapCeiling { get; init; } = 1e6;

    /// <summary>Mean of ln(inter-event time) over the training gaps.</summary>
    public double LogGapMean { get; init; }

    /// <summary>Standard deviation of ln(inter-event time) over the training gaps. Above 0.</summary>
    public double LogGapDeviation { get; init; } = 1;

    /// <summary>Mark vocabulary in index order, without the reserved unknown mark. Empty: events carry no mark.</summary>
    public IReadOnlyList<string> Marks { get; init; } = [];

    /// <summary>Refuses shapes that the kernels or the mathematics do not allow.</summary>
    /// <exception cref="ArgumentException">A field is out of range; the message names it, its value and what is allowed.</exception>
    public void Validate()
    {
        Require(MixerName.TryParse(Mixer, out MixerName mixer), "mixer", Mixer, MixerName.Allowed);
        if (mixer.IsBounded)
        {
            Require(States is >= 1 and <= MaxStates, "states", States,
                $"1 to {MaxStates} with mixer {Mixer}: the events that it keeps per layer");
            Require(mixer.First < States, "mixer", Mixer, $"window+i with i below its {States} states");
        }
        else
        {
            Require(States == 0, "states", States, $"0 with mixer {Mixer}, whose size is its own: tova, window, window+i and h2o keep a number of events, of a trained softmax model");
        }
        Require(Width is >= 16 and <= 1024 && Width % 16 == 0, "width", Width, "a multiple of 16 from 16 to 1024");
        Require(Layers is >= 1 and <= 16, "layers", Layers, "1 to 16");
        Require(Heads is >= 1 and <= 16 && Width % Math.Max(Heads, 1) == 0, "heads", Heads, "1 to 16, dividing the width");
        Require(Components is >= 16 and <= 128 && Components % 16 == 0, "components", Components, "a multiple of 16 from 16 to 128");
        Require(TimeUnitSeconds > 0 && double.IsFinite(TimeUnitSeconds), "time unit", TimeUnitSeconds, "a positive number of seconds");
        Require(Resolution >= 0 && double.IsFinite(Resolution), "resolution", Resolution, "0 or a positive number of time units");
        Require(GapFloor > 0 && double.IsFinite(GapFloor), "gap floor", GapFloor, "a positive number of time units");
        Require(GapCeiling > GapFloor && double.IsFinite(GapCeiling), "gap ceiling", GapCeiling, "a number above the gap floor");
        Require(LogGapDeviation > 0 && double.IsFinite(LogGapDeviation) && double.IsFinite(LogGapMean),
            "log gap statistics", LogGapDeviation, "finite, the deviation above 0");
        Require(Marks.Count <= MaxMarks && Marks.Distinct().Count() == Marks.Count, "marks", Marks.Count, "at most 4,096, all different");
    }

    private static void Require(bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"Model {name} must be {allowed}, got {value}."));
        }
    }
}
