using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>Adam with decoupled weight decay. Source: Loshchilov and Hutter, ICLR 2019, algorithm 2.</summary>
internal sealed unsafe class AdamW(ParameterLayout layout, double weightDecay) : IDisposable
{
    private const float Beta1 = 0.9f, Beta2 = 0.99f, Epsilon = 1e-8f;
    private readonly AlignedBuffer _mean = new(layout.Length), _square = new(layout.Length);
    private int _step;

    /// <summary>One step down the gradient. Weight decay applies to matrices only.</summary>
    public void Step(float* weights, float* gradient, double rate)
    {
        _step++;
        double correction1 = 1 - Math.Pow(Beta1, _step), correction2 = 1 - Math.Pow(Beta2, _step);
        float scale = (float)(rate / correction1), inverse = (float)(1 / correction2);
        foreach (Parameter p in layout.All)
        {
            float keep = (float)(1 - (p.IsMatrix ? rate * weightDecay : 0));
            for (int i = p.Offset; i < p.Offset + p.Length; i++)
            {
                float g = gradient[i];
                float m = _mean.Pointer[i] = Beta1 * _mean.Pointer[i] + (1 - Beta1) * g;
                float v = _square.Pointer[i] = Beta2 * _square.Pointer[i] + (1 - Beta2) * g * g;
                weights[i] = weights[i] * keep - scale * m / (MathF.Sqrt(v * inverse) + Epsilon);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
    }
}
