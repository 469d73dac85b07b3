using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Bench;

/// <summary>What one head of a layer has seen, in double: the faded number of events of each kind.</summary>
internal sealed unsafe class LongTruth
{
    private readonly ForecastModel _model;
    private readonly double[] _counts;
    private readonly double[][] _keys, _queries, _values;
    private readonly double _timeDecay, _eventDecay;

    /// <param name="hidden">A layer's normalised input for each kind of event. Shape [kinds, d].</param>
    public LongTruth(ForecastModel model, AlignedBuffer hidden, bool decay)
    {
        _model = model;
        int d = model.Config.Width, kinds = (int)hidden.Length / d;
        _counts = new double[kinds];
        bool isAaren = model.Config.Mixer == "aaren";
        double[][] Project(string name) => [.. Enumerable.Range(0, kinds).Select(k => Linear(hidden.Span.Slice(k * d, d), name))];
        (_keys, _values) = (Project(isAaren ? "score" : "key"), Project("value"));
        _queries = isAaren ? _keys : Project("query");
        (_timeDecay, _eventDecay) = decay ? (Math.Exp(Of("decay.time")[0]), Math.Exp(Of("decay.event")[0])) : (0, 0);
    }

    /// <summary>Adds an event.</summary>
    public void Add(int kind, double gap, bool first)
    {
        double keep = first ? 1 : Math.Exp(-_timeDecay * gap - _eventDecay);
        for (int k = 0; k < _counts.Length; k++)
        {
            _counts[k] *= keep;
        }
        _counts[kind]++;
    }

    /// <summary>How far an output is off after the last event: values relative to their norm, and log-mass.</summary>
    public (double Values, double LogMass) Error(int kind, ReadOnlySpan<float> output)
    {
        double[] weight = [.. _counts.Select((count, k) => count * Similarity(kind, k))];
        double total = weight.Sum(), error = 0, norm = 0;
        for (int j = 0; j < _values[0].Length; j++)
        {
            double value = weight.Select((w, k) => w * _values[k][j]).Sum() / total;
            error += (output[j] - value) * (output[j] - value);
            norm += value * value;
        }
        return (Math.Sqrt(error / norm), Math.Abs(output[_values[0].Length] - Math.Log(total)));
    }

    private double Similarity(int query, int key)
    {
        static double Phi(double x) => x > 0 ? 1 + x : Math.Exp(x);
        return _model.Config.Mixer == "aaren" ? Math.Exp(_keys[key][0]) : _queries[query].Zip(_keys[key], (a, b) => Phi(a) * Phi(b)).Sum();
    }

    private double[] Linear(ReadOnlySpan<float> x, string name)
    {
        Parameter weight = Find(name + ".weight");
        double[] y = Of(name + ".bias");
        for (int j = 0; j < y.Length; j++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                y[j] += (double)x[i] * _model.Weights.Span[weight.Offset + i * weight.Stride + j];
            }
        }
        return y;
    }

    private double[] Of(string name)
    {
        Parameter p = Find(name);
        return Array.ConvertAll(_model.Weights.Span.Slice(p.Offset, p.Columns).ToArray(), v => (double)v);
    }

    private Parameter Find(string name) => _model.Layout.All.Single(p => p.Name == "layer.0." + name);
}
