using System.Text.Json.Serialization;

namespace Foretell.Models.Scoring;

/// <summary>Errors of forecasts as practitioners ask for them, and the audit of the clock's grid.</summary>
public sealed record ForecastErrors
{
    /// <summary>Mean absolute error of the median forecast of the gap, time units.</summary>
    public double Mae { get; init; }

    /// <summary>Continuous ranked probability score of the gap, time units: the absolute error of a whole distribution. No wait is
    /// counted beyond ten times the longest gap of training. Source: Gneiting, Raftery, JASA 102, 2007.</summary>
    public double Crps { get; init; }

    /// <summary>Share of gaps within the central 50% interval; 0.5 is right. A tick that lies across an end counts in part.</summary>
    public double Coverage50 { get; init; }

    /// <summary>Share within the central 80%.</summary>
    public double Coverage80 { get; init; }

    /// <summary>Share within the central 95%.</summary>
    public double Coverage95 { get; init; }

    /// <summary>Expected calibration error of marks: how far the likeliest mark's probability, before the gap is known, is from how
    /// often it comes, over 20 bins; null without marks. Source: Guo, Pleiss, Sun, Weinberger, ICML 2017.</summary>
    public double? MarkCalibration { get; init; }

    /// <summary>Width of the cells in which the scored times were recorded, time units; null where they are continuous.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RecordingCell { get; init; }

    /// <summary>NLL of the times as if each gap lay anywhere in its cell. Where it is clearly above the NLL as recorded, density was
    /// piled up on the clock's ticks, and the NLL as recorded says little.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllTimeInCell { get; init; }
}
