using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization;

namespace Foretell.Models.Configuration;

/// <summary>Everything about a model but its weights. Kept in the weights file's metadata.</summary>
public sealed record ModelConfig
{
    /// <summary>Most events that a policy may keep per layer.</summary>
    public const int MaxStates = 4096;

    /// <summary>Name of the mark that stands for all marks outside the vocabulary, where training had some.</summary>
    public const string OtherMark = "other";

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

    /// <summary>Each stream's forecasts follow what it has shown of its own since: its row has a few numbers more (docs/models.md).
    /// Training does not depend on it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Adapt { get; init; }

    /// <summary>Seconds per unit of the model's inter-event times (3600: hours).</summary>
    public double TimeUnitSeconds { get; init; } = 1;

    /// <summary>Clock grid on which the training times sat, in time units; 0 when they are continuous.</summary>
    public double Resolution { get; init; }

    /// <summary>Share of the training gaps that were exactly 0 among continuous times: such a gap has a probability of its own then,
    /// one more output of the time head. 0 where there were none, and on a clock grid.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Ties { get; init; }

    /// <summary>The network reads shorter inter-event times as this, in time units. Above 0.</summary>
    public double GapFloor { get; init; } = 1e-6;

    /// <summary>Longest wait that a mean forecast counts, in time units: ten times the longest gap of training.</summary>
    public double GapCeiling { get; init; } = 1e6;

    /// <summary>Mean of ln(inter-event time) over the training gaps.</summary>
    public double LogGapMean { get; init; }

    /// <summary>Standard deviation of ln(inter-event time) over the training gaps. Above 0.</summary>
    public double LogGapDeviation { get; init; } = 1;

    /// <summary>Mark vocabulary in index order, without the reserved unknown mark. Empty: events carry no mark.</summary>
    public IReadOnlyList<string> Marks { get; init; } = [];

    /// <summary>The last mark is <see cref="OtherMark"/>: training folded its rare marks into it, and every mark outside the vocabulary
    /// counts as it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HasOtherMark { get; init; }

    /// <summary>Values that the network reads of each event, in order; null where events carry none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ValueScale>? Values { get; init; }

    /// <summary>The values of the next event are forecast, in each stream's own level and unit: its row has a few numbers more
    /// (docs/models.md).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ForecastsValues { get; init; }

    /// <summary>Kinds of stream that the label head tells apart, in index order; null without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>What the series head forecasts; null without one. No file of a model has any.</summary>
    [JsonIgnore]
    public SeriesShape? Series { get; init; }

    /// <summary>What the network reads of an episode and which actions it chooses from; null without. No file of a model has any.</summary>
    [JsonIgnore]
    public ActionShape? Actions { get; init; }

    /// <summary>The network reads at which time of the day and of the week each event came. No file of a model does.</summary>
    [JsonIgnore]
    public bool Calendar { get; init; }

    /// <summary>How the time to a stream's last event lies, where a head tells it; null without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RemainingScale? Remaining { get; init; }

    /// <summary>Which marks are actions, and the value that they are taken for; null where nobody said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DecisionSettings? Decisions { get; init; }

    /// <summary>Index of every mark outside the vocabulary: that of <see cref="OtherMark"/>, or one of its own behind all marks.</summary>
    [JsonIgnore]
    public int UnknownMark => HasOtherMark ? Marks.Count - 1 : Marks.Count;

    /// <summary>Which output of the time head is the logit of a tie; -1 without ties.</summary>
    internal int TieOutput => Ties > 0 ? 3 * Components + (Censored ? 1 : 0) : -1;

    /// <summary>Refuses shapes that the kernels or the mathematics do not allow.</summary>
    /// <exception cref="ArgumentException">A field is out of range; the message names it, its value and what is allowed.</exception>
    public void Validate()
    {
        // A weights file can say null of what has a default here.
        Require(Mixer is not null, "mixer", "null", MixerName.Allowed);
        Require(Marks is not null && Marks.All(mark => mark is not null && Encoding.UTF8.GetByteCount(mark) <= ModelLimits.MarkBytes), "marks",
            "another", $"a list of texts of at most {ModelLimits.MarkBytes} bytes");
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
        Require(TimeUnitSeconds is >= ModelLimits.ShortestUnit and <= ModelLimits.LongestUnit, "time unit", TimeUnitSeconds,
            "1e-9 to 1e12 seconds");
        Require(Resolution >= 0 && double.IsFinite(Resolution), "resolution", Resolution, "0 or a positive number of time units");
        Require(Ties >= 0 && Ties < 1 && (Ties == 0 || Resolution == 0), "ties", Ties, "a share from 0 to below 1, and 0 on a clock grid");
        Require(GapFloor > 0 && double.IsFinite(GapFloor), "gap floor", GapFloor, "a positive number of time units");
        Require(GapCeiling > GapFloor && double.IsFinite(GapCeiling), "gap ceiling", GapCeiling, "a number above the gap floor");
        Require(LogGapDeviation > 0 && double.IsFinite(LogGapDeviation) && double.IsFinite(LogGapMean),
            "log gap statistics", LogGapDeviation, "finite, the deviation above 0");
        Require(Marks.Count <= ModelLimits.Marks && Marks.Distinct().Count() == Marks.Count, "marks", Marks.Count,
            $"at most {ModelLimits.Marks}, all different");
        Require(Values is null || (Values.Count is >= 1 and <= ModelLimits.Values
            && Values.Select(v => v.Name).Distinct().Count() == Values.Count
            && Values.All(IsUsable)),
            "values", Values?.Count ?? 0, $"1 to {ModelLimits.Values}, all different, with finite means, deviations above 0, floors of 0 or more, and shares and spreads within streams above 0 and at most 1");
        Require(!ForecastsValues || Values is not null, "values", "none", "there where they are forecast");
        Require(Labels is null || (Labels.Count is >= 2 and <= ModelLimits.Labels && Labels.All(l => l is not null)
            && Labels.Distinct().Count() == Labels.Count), "labels", Labels?.Count ?? 0, $"2 to {ModelLimits.Labels}, all different");
        Require(Series is null || (Series.Horizon is >= 1 and <= SeriesShape.Longest
            && Series.Window is >= SeriesShape.ShortestWindow and <= SeriesShape.Longest && Series.Seasons.Count <= SeriesShape.MostSeasons
            && Series.Seasons.All(s => s >= 2)), "series", Series!,
            $"a horizon of 1 to {SeriesShape.Longest}, a window of {SeriesShape.ShortestWindow} to {SeriesShape.Longest} and at most {SeriesShape.MostSeasons} seasons of 2 or more");
        Require(Actions is null || (Actions.Actions is >= 2 and <= ModelLimits.Labels
            && Actions.Observations.Count is >= 1 and <= ModelLimits.Values && Actions.Horizon >= 1), "actions", Actions!,
            $"2 to {ModelLimits.Labels} by 1 to {ModelLimits.Values} observations, over 1 step or more");
        Require(Remaining is null
            || (double.IsFinite(Remaining.LogMean) && Remaining.LogDeviation > 0 && double.IsFinite(Remaining.LogDeviation)),
            "remaining time", Remaining?.LogDeviation ?? 0, "finite, the deviation above 0");
        Require(Decisions is null || (Decisions.Marks is { Count: >= 2 } && Decisions.Marks.Distinct().Count() == Decisions.Marks.Count
            && Decisions.Marks.All(Marks.Contains)), "actions", string.Join(", ", Decisions?.Marks ?? []),
            $"two or more of its marks, all different, which are {string.Join(", ", Marks.Take(20))}{(Marks.Count > 20 ? ", ..." : "")}");
        Require(Decisions is null || (ForecastsValues && Values!.Any(v => v.Name == Decisions.Reward && !v.IsFact)), "reward", Decisions?.Reward!,
            $"one of the values that it forecasts, which are {string.Join(", ", (Values ?? []).Where(v => !v.IsFact).Select(v => v.Name).DefaultIfEmpty("none"))}");
        Require(!HasOtherMark || Marks is [.., OtherMark], "last mark", Marks is [.., var last] ? last : "nothing",
            $"'{OtherMark}' where rare marks were folded");
    }

    private static bool IsUsable(ValueScale value) =>
        value is { Name: not null, Deviation: > 0, Floor: >= 0, Within: > 0 and <= 1, Share: > 0 and <= 1 }
        && double.IsFinite(value.Mean) && double.IsFinite(value.Deviation) && double.IsFinite(value.Floor)
        && Encoding.UTF8.GetByteCount(value.Name) is >= 1 and <= ModelLimits.ValueNameBytes;

    private static void Require([DoesNotReturnIf(false)] bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"Model {name} must be {allowed}, got {value}."));
        }
    }
}
