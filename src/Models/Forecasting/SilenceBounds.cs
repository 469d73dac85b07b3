using System.Runtime.Intrinsics;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;

namespace Foretell.Models.Forecasting;

/// <summary>
/// Bounds on the silence at which a stream's survival falls to a threshold, for many rows at a small part of a step's
/// cost: the silence itself is a quantile of a mixture and has no closed form.
/// </summary>
/// <remarks>
/// With weights w_k and tails Q_k, sum w_k Q_k(t) is at least any one term, and at most K times the largest: so t is at
/// least the largest t_k with w_k Q_k(t_k) = threshold, and at most the largest with w_k Q_k(t_k) = threshold / K. Of the
/// threshold the upper bound leaves one half to the forecast's tail (<see cref="GapTail"/>), which has its silences in closed form.
/// On a clock grid the silence lies in the same cell as the mixture's. One thread at a time.
/// Source of the normal quantile: Abramowitz and Stegun, 26.2.23 (Hastings), absolute error below 4.5e-4.
/// </remarks>
public sealed unsafe class SilenceBounds : IDisposable
{
    // More than the quantile's error, so that a bound is one.
    private const float Slack = 1e-3f;
    private const float LogTwo = 0.6931472f;

    private readonly ForecastModel _model;
    private readonly HeadKernel _heads;
    private readonly AlignedBuffer _basis;
    private readonly float[] _anchorLogWeight, _anchorMean, _anchorDeviation, _anchorLogDeviation;
    private readonly double _survival;
    private readonly float _logComponents;

    /// <param name="model">Model of the rows.</param>
    /// <param name="survival">Threshold, within (0, 1).</param>
    public SilenceBounds(ForecastModel model, double survival)
    {
        if (!(survival > 0 && survival < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(survival), survival,
                $"A survival threshold lies between 0 and 1, got {survival}.");
        }
        TimeHead head = model.TimeHead;
        _model = model;
        _heads = new HeadKernel(model, RowTile.MaxRows);
        _basis = new AlignedBuffer((long)RowTile.MaxRows * model.State.BasisStride);
        _anchorLogWeight = ToFloats(head.AnchorLogWeight);
        _anchorMean = ToFloats(head.AnchorMean);
        _anchorDeviation = ToFloats(head.AnchorDeviation);
        _anchorLogDeviation = Array.ConvertAll(_anchorDeviation, MathF.Log);
        (_survival, _logComponents) = (survival, MathF.Log(head.Components));
    }

    /// <summary>Bounds for the states that rows have now, and what their streams show together.</summary>
    /// <param name="backend">Where the rows are.</param>
    /// <param name="rows">Rows. Shape [b].</param>
    /// <param name="atLeast">Output, seconds; 0 where nothing better is known. Shape [b] or longer.</param>
    /// <param name="atMost">Output, seconds; may be infinite. Shape [b] or longer.</param>
    public void Compute(IStateBackend backend, ReadOnlySpan<int> rows, Span<double> atLeast, Span<double> atMost)
    {
        if (atLeast.Length < rows.Length || atMost.Length < rows.Length)
        {
            throw new ArgumentException($"Bounds of {rows.Length} rows need room for as many, got {atLeast.Length} and {atMost.Length}.");
        }
        int d = _model.BasisFloats, stride = _model.State.BasisStride;
        for (int start = 0; start < rows.Length; start += RowTile.MaxRows)
        {
            int n = Math.Min(RowTile.MaxRows, rows.Length - start);
            for (int i = 0; i < n; i++)
            {
                var basis = new Span<float>(_basis.Pointer + i * stride, d);
                backend.ReadBasis(rows[start + i], basis);
                backend.Population?.ServeBasis(basis);
            }
            _heads.Time(_basis.Pointer, n);
            for (int i = 0; i < n; i++)
            {
                (atLeast[start + i], atMost[start + i]) = Bounds(i);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _heads.Dispose();
        _basis.Dispose();
    }

    /// <summary>Both bounds of one row, seconds.</summary>
    private (double AtLeast, double AtMost) Bounds(int row)
    {
        double coming = _model.Config.Ties > 0 ? Logistic.Probability(-_heads.TieLogit(row)) : 1, threshold = _survival / coming;
        if (threshold >= 1)
        {
            return (0, 0);
        }
        (float low, float high, float location) = Mixture(_heads.TimeOutputs(row), (float)Math.Log(threshold / (1 - GapTail.Share)));
        double scale = Time(location), tail = GapTail.Share / threshold;
        // Below the scale's own error a bound would be none.
        double atLeast = Math.Max(Time(low), scale * 0.999 * (tail - 1)), atMost = Math.Max(Time(high), scale * 1.001 * (2 * tail - 1));
        double resolution = _model.Config.Resolution, unit = _model.Config.TimeUnitSeconds;
        if (resolution > 0)
        {
            atLeast = ClockGrid.Cell(Math.Max(0, atLeast), resolution).From;
            atMost = ClockGrid.Cell(Math.Max(0, atMost), resolution).To;
        }
        return (Math.Max(0, atLeast) * unit, atMost * unit);
    }

    private double Time(float standardised) => Math.Exp(_model.Config.LogGapMean + _model.Config.LogGapDeviation * standardised);

    /// <summary>Both bounds of the mixture alone, and its mean, in standardised log time.</summary>
    private (float Low, float High, float Location) Mixture(ReadOnlySpan<float> outputs, float logThreshold)
    {
        int k = _anchorMean.Length;
        var most = Vector512.Create(float.NegativeInfinity);
        for (int i = 0; i < k; i += 16)
        {
            most = Vector512.Max(most, LogWeight(outputs, i));
        }
        float max = Largest(most);
        Vector512<float> sum = Vector512<float>.Zero, location = sum;
        for (int i = 0; i < k; i += 16)
        {
            var weight = VectorMath.Exp(LogWeight(outputs, i) - Vector512.Create(max));
            sum += weight;
            location = Vector512.FusedMultiplyAdd(weight, Mean(outputs, i), location);
        }
        float logSum = max + MathF.Log(VectorMath.Sum(sum));

        Vector512<float> low = Vector512.Create(float.NegativeInfinity), high = low;
        for (int i = 0; i < k; i += 16)
        {
            Vector512<float> mean = Mean(outputs, i);
            var deviation = VectorMath.Exp(Vector512.Min(Vector512.Max(
                Load(_anchorLogDeviation, i) + Load(outputs, 2 * k + i), Vector512.Create((float)TimeHead.MinLogDeviation)),
                Vector512.Create((float)TimeHead.MaxLogDeviation)));
            // How far the weight lies above the threshold, nats: the component's own tail has to fall by as much.
            var above = LogWeight(outputs, i) - Vector512.Create(logSum + logThreshold);
            var aboveShare = above + Vector512.Create(_logComponents + LogTwo);
            var lower = Vector512.FusedMultiplyAdd(deviation, Quantile(above) - Vector512.Create(Slack), mean);
            var upper = Vector512.FusedMultiplyAdd(deviation, Quantile(aboveShare) + Vector512.Create(Slack), mean);
            // Left of its median a component says nothing here, and one whose whole weight is below its share adds nothing.
            low = Vector512.Max(low, Vector512.ConditionalSelect(
                Vector512.GreaterThanOrEqual(above, Vector512.Create(LogTwo)), lower, Vector512.Create(float.NegativeInfinity)));
            high = Vector512.Max(high, Vector512.ConditionalSelect(
                Vector512.GreaterThan(aboveShare, Vector512<float>.Zero), upper, Vector512.Create(float.NegativeInfinity)));
        }
        return (Largest(low), Largest(high), VectorMath.Sum(location) / VectorMath.Sum(sum));
    }

    private Vector512<float> LogWeight(ReadOnlySpan<float> outputs, int i) => Load(_anchorLogWeight, i) + Load(outputs, i);

    private Vector512<float> Mean(ReadOnlySpan<float> outputs, int i) =>
        Vector512.FusedMultiplyAdd(Load(_anchorDeviation, i), Load(outputs, _anchorMean.Length + i), Load(_anchorMean, i));

    /// <summary>The z with a normal tail of exp(-a); 0 where a is below ln 2.</summary>
    private static Vector512<float> Quantile(Vector512<float> a)
    {
        a = Vector512.Max(a, Vector512.Create(LogTwo));
        var t = Vector512.Sqrt(a + a);
        var above = Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(Vector512.Create(0.010328f), t, Vector512.Create(0.802853f)), t,
            Vector512.Create(2.515517f));
        var below = Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(
            Vector512.Create(0.001308f), t, Vector512.Create(0.189269f)), t, Vector512.Create(1.432788f)), t, Vector512<float>.One);
        return t - above / below;
    }

    private static Vector512<float> Load(ReadOnlySpan<float> values, int i) => Vector512.Create(values.Slice(i, 16));

    private static float Largest(Vector512<float> x)
    {
        var half = Vector256.Max(x.GetLower(), x.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
    }

    private static float[] ToFloats(ReadOnlySpan<double> values)
    {
        float[] floats = new float[values.Length];
        for (int i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)values[i];
        }
        return floats;
    }
}
