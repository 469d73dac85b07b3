using System.Text.Json.Serialization;
using Foretell.Models.Numerics;

namespace Foretell.Models.Configuration;

/// <summary>A value that events carry, and how it lay in training.</summary>
/// <param name="Name">Its name in the events.</param>
/// <param name="Mean">Mean over all training events that had it; of its logarithm where it is read so.</param>
/// <param name="Deviation">Standard deviation over them, likewise. Above 0.</param>
public sealed record ValueScale(string Name, double Mean, double Deviation)
{
    /// <summary>A value further from the mean than so many deviations counts as so far: nothing that follows can overflow.</summary>
    private const double Farthest = 1e4;

    /// <summary>No value that is told is further from 0, so that many of them can be added up.</summary>
    private const double Largest = 1e300;

    /// <summary>0 where a value is read as it is. Else its logarithm is read, and what is smaller than this counts as this.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Floor { get; init; }

    /// <summary>How far the values of one stream lie apart: the standard deviation about each stream's own mean, in
    /// <see cref="Deviation"/>. Above 0, at most 1.</summary>
    public double Within { get; init; } = 1;

    /// <summary>In training it never changed within a stream: a fact about the stream, such as its age or kind. It is read of each event,
    /// as it was told last, and not forecast.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsFact { get; init; }

    /// <summary>Share of the training events that had it. Above 0, at most 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>How numbers lie; one that never changes says nothing, whatever it is divided by.</summary>
    internal static ValueScale Of(string name, IReadOnlyCollection<double> values)
    {
        double mean = values.DefaultIfEmpty().Average();
        double deviation = Math.Sqrt(values.Select(v => (v - mean) * (v - mean)).DefaultIfEmpty().Average());
        return new ValueScale(name, mean, deviation > 0 ? deviation : 1);
    }

    /// <summary>z of a value: what the network reads. The same bits on every processor.</summary>
    /// <param name="value">A finite number; NaN, for none, stays NaN.</param>
    public float Standardise(double value)
    {
        double x = Floor > 0 && !double.IsNaN(value) ? VectorMath.Log(Math.Max(value, Floor)) : value;
        return (float)Math.Clamp((x - Mean) / Deviation, -Farthest, Farthest);
    }

    /// <summary>The value of a z, within <see cref="Largest"/> of 0.</summary>
    public double Value(double z)
    {
        double x = Mean + Deviation * z;
        return Math.Clamp(Floor > 0 ? Math.Exp(x) : x, -Largest, Largest);
    }
}
