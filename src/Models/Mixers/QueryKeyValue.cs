using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Mixers;

/// <summary>The projections of a layer's input to queries, keys and values.</summary>
internal sealed unsafe class QueryKeyValue(ModelConfig config, AddParameter add)
{
    private readonly Parameter _queryWeight = add("query.weight", config.Width, config.Width, Initializer.Linear);
    private readonly Parameter _queryBias = add("query.bias", 1, config.Width, Initializer.Zero);
    private readonly Parameter _keyWeight = add("key.weight", config.Width, config.Width, Initializer.Linear);
    private readonly Parameter _keyBias = add("key.bias", 1, config.Width, Initializer.Zero);
    private readonly Parameter _valueWeight = add("value.weight", config.Width, config.Width, Initializer.Linear);
    private readonly Parameter _valueBias = add("value.bias", 1, config.Width, Initializer.Zero);

    /// <summary>Projects rows. Shape of every array [rows, d].</summary>
    public void Forward(float* weights, float* hidden, float* queries, float* keys, float* values, int rows)
    {
        Linear.Forward(hidden, config.Width, weights, _queryWeight, _queryBias, queries, rows);
        Linear.Forward(hidden, config.Width, weights, _keyWeight, _keyBias, keys, rows);
        Linear.Forward(hidden, config.Width, weights, _valueWeight, _valueBias, values, rows);
    }

    /// <summary>Gradients of <see cref="Forward"/>; <paramref name="dHidden"/> is written, <paramref name="gradient"/> added to.</summary>
    public void Backward(float* weights, float* hidden, float* dQueries, float* dKeys, float* dValues, float* dHidden, int rows,
        float* gradient)
    {
        int d = config.Width;
        Linear.Backward(hidden, d, weights, _queryWeight, _queryBias, dQueries, dHidden, d, rows, false, gradient);
        Linear.Backward(hidden, d, weights, _keyWeight, _keyBias, dKeys, dHidden, d, rows, true, gradient);
        Linear.Backward(hidden, d, weights, _valueWeight, _valueBias, dValues, dHidden, d, rows, true, gradient);
    }
}
