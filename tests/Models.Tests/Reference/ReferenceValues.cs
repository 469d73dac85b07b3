using Foretell.Models.Configuration;

namespace Foretell.Models.Tests.Reference;

/// <summary>What a stream has shown of its values, in plain doubles (docs/models.md, "How much: values").</summary>
internal sealed class ReferenceValues(IReadOnlyList<ValueScale> scales)
{
    private readonly double[] _evidence = new double[scales.Count], _mean = new double[scales.Count];
    private readonly double[] _variance = new double[scales.Count], _last = new double[scales.Count];

    /// <summary>A value as training has it: deviations from the mean, of the logarithm where it is read so.</summary>
    public double Z(int v, double value)
    {
        double x = scales[v].Floor > 0 ? Math.Log(Math.Max(value, scales[v].Floor)) : value;
        return Math.Clamp((x - scales[v].Mean) / scales[v].Deviation, -1e4, 1e4);
    }

    /// <summary>The stream's level and unit of a value.</summary>
    public (double Level, double Unit) Own(int v)
    {
        double n = _evidence[v], within = scales[v].Within * scales[v].Within;
        double kappa = Math.Clamp(within / Math.Max(1 - within, 1e-6), 0.02, 50);
        double variance = (8 * within + n * _variance[v]) / (8 + n);
        return (_mean[v] * n / (n + kappa), Math.Max(Math.Sqrt(variance), 1e-3));
    }

    /// <summary>What the network reads of an event: z, 0 for none; 1 for none; z in the stream's own level and unit. Shape [3v].</summary>
    public double[] Features(double[] values)
    {
        int count = scales.Count;
        double[] features = new double[3 * count];
        for (int v = 0; v < count; v++)
        {
            if (double.IsNaN(values[v]))
            {
                features[count + v] = 1;
                continue;
            }
            (double level, double unit) = Own(v);
            features[v] = Math.Clamp(Z(v, values[v]), -8, 8);
            features[2 * count + v] = Math.Clamp((Z(v, values[v]) - level) / unit, -8, 8);
        }
        return features;
    }

    /// <summary>What the head reads: of each value the last one in the stream's level and unit, level, ln unit, and how much of a past
    /// there is. Shape [4v].</summary>
    public double[] Told() => [.. Enumerable.Range(0, scales.Count).SelectMany(v =>
    {
        (double level, double unit) = Own(v);
        double last = _evidence[v] > 0 ? Math.Clamp((_last[v] - level) / unit, -8, 8) : 0;
        return new[] { last, Math.Clamp(level, -8, 8), Math.Log(unit), _evidence[v] / (_evidence[v] + 2) };
    })];

    /// <summary>Takes an event in: a mean and a variance over about the last fifty, weights falling by 0.98.</summary>
    public void Observe(double[] values)
    {
        for (int v = 0; v < scales.Count; v++)
        {
            if (double.IsNaN(values[v]))
            {
                continue;
            }
            // Weighted moments: those before have weight 0.98 n, the new one 1.
            double z = Z(v, values[v]), old = 0.98 * _evidence[v], n = old + 1, mean = (old * _mean[v] + z) / n;
            double square = (old * (_variance[v] + _mean[v] * _mean[v]) + z * z) / n;
            (_evidence[v], _mean[v], _variance[v], _last[v]) = (n, mean, square - mean * mean, z);
        }
    }
}
