using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>From linear outputs to a mixture of normals that is anchored at one without history: outputs of 0 are that one.</summary>
/// <remarks>
/// Outputs: [logit | shift | scale], K each. log weight = logSoftmax(anchor log weight + logit), mean = anchor mean + anchor deviation x
/// shift, ln deviation = clamp(anchor ln deviation + scale, -7, 3).
/// </remarks>
internal abstract class AnchoredMixture
{
    public const double MinLogDeviation = -7, MaxLogDeviation = 3;
    private readonly double[] _anchorLogWeight, _anchorMean, _anchorDeviation, _anchorLogDeviation;

    /// <param name="logWeight">Anchor log weights. Shape [k].</param>
    /// <param name="mean">Anchor means. Shape [k].</param>
    /// <param name="deviation">Anchor deviations. Shape [k].</param>
    protected AnchoredMixture(ReadOnlySpan<double> logWeight, ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation)
    {
        _anchorLogWeight = logWeight.ToArray();
        _anchorMean = mean.ToArray();
        _anchorDeviation = deviation.ToArray();
        _anchorLogDeviation = Array.ConvertAll(_anchorDeviation, VectorMath.Log);
    }

    /// <summary>Log weights of the history-free mixture. Shape [k].</summary>
    public ReadOnlySpan<double> AnchorLogWeight => _anchorLogWeight;

    /// <summary>Its means. Shape [k].</summary>
    public ReadOnlySpan<double> AnchorMean => _anchorMean;

    /// <summary>Its deviations, likewise. Shape [k].</summary>
    public ReadOnlySpan<double> AnchorDeviation => _anchorDeviation;

    /// <summary>Logarithms of the deviations. Shape [k].</summary>
    protected ReadOnlySpan<double> AnchorLogDeviation => _anchorLogDeviation;

    /// <summary>Components K.</summary>
    public int Components => _anchorMean.Length;

    /// <summary>The mixture's parameters.</summary>
    /// <param name="outputs">Shape [3k].</param>
    public void Decode(ReadOnlySpan<float> outputs, Span<double> logWeight, Span<double> mean, Span<double> deviation)
    {
        int k = Components;
        double max = double.NegativeInfinity;
        for (int i = 0; i < k; i++)
        {
            logWeight[i] = _anchorLogWeight[i] + outputs[i];
            mean[i] = _anchorMean[i] + _anchorDeviation[i] * outputs[k + i];
            deviation[i] = Math.Exp(Math.Clamp(_anchorLogDeviation[i] + outputs[2 * k + i], MinLogDeviation, MaxLogDeviation));
            max = Math.Max(max, logWeight[i]);
        }
        double sum = 0;
        for (int i = 0; i < k; i++)
        {
            sum += Math.Exp(logWeight[i] - max);
        }
        double logSum = max + Math.Log(sum);
        for (int i = 0; i < k; i++)
        {
            logWeight[i] -= logSum;
        }
    }

    /// <summary>The mixture as <see cref="MixtureScore"/> takes it: log weights up to a common term, means, inverse deviations;
    /// the same bits on every processor.</summary>
    /// <param name="outputs">Shape [3k].</param>
    /// <param name="logWeight">Output. Shape [k].</param>
    /// <param name="mean">Output. Shape [k].</param>
    /// <param name="inverse">Output. Shape [k].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Decode(float* outputs, double* logWeight, double* mean, double* inverse)
    {
        int k = Components;
        Vector512<double> least = Vector512.Create(MinLogDeviation), most = Vector512.Create(MaxLogDeviation);
        for (int i = 0; i < k; i += 8)
        {
            (Vector512.Create(_anchorLogWeight, i) + Widen(outputs + i)).Store(logWeight + i);
            Vector512.FusedMultiplyAdd(Vector512.Create(_anchorDeviation, i), Widen(outputs + k + i), Vector512.Create(_anchorMean, i))
                .Store(mean + i);
            var logDeviation = Vector512.Create(_anchorLogDeviation, i) + Widen(outputs + 2 * k + i);
            VectorMath.Exp(-Vector512.Min(Vector512.Max(logDeviation, least), most)).Store(inverse + i);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<double> Widen(float* eight) => Vector512.WidenLower(Vector256.Load(eight).ToVector512Unsafe());
    }
}
