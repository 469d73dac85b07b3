using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>Adds up how the forecasts of values did.</summary>
internal sealed unsafe class ValueTally(ForecastModel model)
{
    private readonly IReadOnlyList<ValueScale> _scales = model.Values is null ? [] : model.Config.Values!;
    private readonly Sums[] _sums = [.. Enumerable.Range(0, model.ValueCount).Select(_ => new Sums())];
    private long _events;

    /// <summary>Summed log-likelihood of the values, with whether each was there.</summary>
    public double LogLikelihood => _sums.Sum(s => s.Presence + s.Log);

    /// <summary>Adds one predicted event.</summary>
    /// <param name="outputs">Of the value head.</param>
    /// <param name="values">The sequence's.</param>
    /// <param name="t">Which event.</param>
    public void Add(ReadOnlySpan<float> outputs, EncodedValues values, int t)
    {
        _events++;
        for (int i = 0; i < _scales.Count; i++)
        {
            if (_scales[i].IsFact)
            {
                continue;
            }
            int at = t * _scales.Count + i;
            float z = values.Z[at];
            _sums[i].Presence += TieHead.Log(outputs[ValueHead.PresenceAt(i)], !float.IsNaN(z));
            if (!float.IsNaN(z))
            {
                Add(_sums[i], model.ValueMixtures[i], outputs[ValueHead.MixtureAt(i)..ValueHead.PresenceAt(i)], z, values.Level[at],
                    values.Unit[at]);
            }
        }
    }

    /// <summary>Adds what another one has.</summary>
    public void Add(ValueTally other)
    {
        _events += other._events;
        for (int i = 0; i < _sums.Length; i++)
        {
            _sums[i].Add(other._sums[i]);
        }
    }

    /// <summary>Errors of each value that came at all.</summary>
    public IReadOnlyList<ValueErrors> Errors() =>
        [.. _scales.Zip(_sums).Where(x => x.Second.Events > 0).Select(x => x.Second.Errors(x.First, _events))];

    private static void Add(Sums sums, ValueMixture mixture, ReadOnlySpan<float> outputs, float z, float level, float unit)
    {
        int k = mixture.Components;
        double[] logWeight = new double[k], mean = new double[k], deviation = new double[k];
        mixture.Decode(outputs, logWeight, mean, deviation);
        NormalMixture forecast = new NormalMixture(logWeight, mean, deviation).Rescale(level, unit);
        double below = forecast.Cdf(z);
        sums.Events++;
        sums.Log += mixture.LogDensity(outputs, ((double)z - level) / unit, 0, []) - Math.Log(unit);
        sums.Crps += forecast.Crps(z);
        sums.Running += new NormalMixture([0], [level], [unit]).Crps(z);
        sums.Absolute += Math.Abs(z - forecast.Quantile(0.5));
        sums.Inside += below is >= 0.1 and <= 0.9 ? 1 : 0;
    }

    /// <summary>Of one value, in deviations of training.</summary>
    private sealed class Sums
    {
        public long Events, Inside;
        public double Presence, Log, Crps, Running, Absolute;

        public void Add(Sums other)
        {
            Events += other.Events;
            Inside += other.Inside;
            Presence += other.Presence;
            Log += other.Log;
            Crps += other.Crps;
            Running += other.Running;
            Absolute += other.Absolute;
        }

        public ValueErrors Errors(ValueScale scale, long predicted) => new(scale.Name, Events, scale.Floor > 0,
            scale.Deviation * Crps / Events, scale.Deviation * Running / Events, scale.Deviation * Absolute / Events, -Log / Events,
            (double)Inside / Events, -Presence / predicted);
    }
}
