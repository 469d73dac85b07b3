using Foretell.Models.PointProcess;

namespace Foretell.Models.Series;

/// <summary>How a quantity lies in training.</summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Mean">Mean over all readings of all streams.</param>
/// <param name="Deviation">Population standard deviation over them. Above 0.</param>
public sealed record SeriesScale(string Name, double Mean, double Deviation)
{
    /// <summary>Scales of all values, in the order in which streams have them.</summary>
    internal static SeriesScale[] Of(IReadOnlyList<EventSequence> train) =>
        [.. train.SelectMany(s => s.Values?.Keys ?? []).Distinct().Select(name =>
        {
            double[] all = [.. train.SelectMany(s => s.Values?.GetValueOrDefault(name) ?? []).Where(v => !double.IsNaN(v))];
            double mean = all.Average(), deviation = Math.Sqrt(all.Average(v => (v - mean) * (v - mean)));
            // A value that never changes says nothing; whatever it is divided by.
            return new SeriesScale(name, mean, deviation > 0 ? deviation : 1);
        })];
}
