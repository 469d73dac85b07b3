using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>The next H readings of a series, each a logistic distribution whose place and scale stand beside a linear forecast of the
/// window:
/// place a_h + unit (W h + b)_h / 10, scale unit exp(clamp((V h + c)_h, -7, 3)).</summary>
/// <remarks>The window's unit makes both the series' own, and the linear forecast a is where training starts: the network learns what the
/// window's straight lines miss, and a tenth has its place move ten times more slowly than its scale. Quantiles are closed form.</remarks>
/// <param name="horizon">Readings H.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensors.</param>
internal sealed unsafe class SeriesHead(int horizon, int width, AddParameter add)
{
    private const float Pace = 0.1f;
    private const float LeastLogScale = -7, MostLogScale = 3;

    /// <summary>Readings H.</summary>
    public int Horizon => horizon;

    /// <summary>Floats of one row of places, and of scales: whole vectors.</summary>
    public int Stride => PlaceWeight.Stride;

    /// <summary>W. Shape [d, H].</summary>
    public Parameter PlaceWeight { get; } = add("series.place.weight", width, horizon, new(InitializerKind.Linear, 0.1f));

    /// <summary>b. Shape [H].</summary>
    public Parameter PlaceBias { get; } = add("series.place.bias", 1, horizon, Initializer.Zero);

    /// <summary>V. Shape [d, H].</summary>
    public Parameter ScaleWeight { get; } = add("series.scale.weight", width, horizon, new(InitializerKind.Linear, 0.1f));

    /// <summary>c. Shape [H].</summary>
    public Parameter ScaleBias { get; } = add("series.scale.bias", 1, horizon, Initializer.Zero);

    /// <summary>What the hidden vectors say, in units of the windows.</summary>
    /// <param name="hidden">Shape [rows, d].</param>
    /// <param name="place">Output: W h + b. Shape [rows, stride].</param>
    /// <param name="scale">Output: V h + c. Shape [rows, stride].</param>
    public void Forward(float* weights, float* hidden, float* place, float* scale, int rows)
    {
        Linear.Forward(hidden, width, weights, PlaceWeight, PlaceBias, place, rows);
        Linear.Forward(hidden, width, weights, ScaleWeight, ScaleBias, scale, rows);
    }

    /// <summary>Gradients by those of places and scales.</summary>
    /// <param name="dPlace">Shape [rows, stride].</param>
    /// <param name="dScale">Shape [rows, stride].</param>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    /// <param name="accumulate">Adds to <paramref name="dHidden"/>.</param>
    public void Backward(float* weights, float* hidden, float* dPlace, float* dScale, float* dHidden, int rows, bool accumulate,
        float* gradient)
    {
        Linear.Backward(hidden, width, weights, PlaceWeight, PlaceBias, dPlace, dHidden, width, rows, accumulate, gradient);
        Linear.Backward(hidden, width, weights, ScaleWeight, ScaleBias, dScale, dHidden, width, rows, true, gradient);
    }

    /// <summary>Mean log density of the readings that came, nats, and its gradients.</summary>
    /// <param name="place">W h + b. Shape [stride].</param>
    /// <param name="scale">V h + c. Shape [stride].</param>
    /// <param name="linear">The linear forecast. Shape [H].</param>
    /// <param name="truth">What came. Shape [H].</param>
    /// <param name="unit">The window's unit, above 0.</param>
    /// <param name="gradientScale">Factor of the gradients.</param>
    /// <param name="dPlace">Output, or null: gradient of the place; may be <paramref name="place"/>. Shape [stride].</param>
    /// <param name="dScale">Output: gradient of the scale; may be <paramref name="scale"/>. Shape [stride].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double LogLikelihood(float* place, float* scale, float* linear, float* truth, double unit, double gradientScale,
        float* dPlace, float* dScale)
    {
        var sum = Vector512<float>.Zero;
        var perUnit = Vector512.Create((float)(1 / unit));
        var factor = Vector512.Create((float)(gradientScale / horizon));
        Vector512<float> one = Vector512<float>.One, least = Vector512.Create(LeastLogScale), most = Vector512.Create(MostLogScale),
            pace = Vector512.Create(Pace);
        for (int h = 0; h < horizon; h += 16)
        {
            // Readings behind the horizon's end are read, and count nothing: their mask is 0.
            var mask = Vector512.LessThan(Vector512.Create((float)h) + Lanes, Vector512.Create((float)horizon));
            var raw = Vector512.Load(scale + h);
            var inside = Vector512.GreaterThan(raw, least) & Vector512.LessThan(raw, most);
            var log = Vector512.Min(Vector512.Max(raw, least), most);
            var inverse = VectorMath.Exp(-log);
            var error = Vector512.FusedMultiplyAdd(Vector512.Load(truth + h) - Vector512.Load(linear + h), perUnit,
                -pace * Vector512.Load(place + h));
            var z = Vector512.ConditionalSelect(mask, error * inverse, Vector512<float>.Zero);
            var absolute = Vector512.Abs(z);
            var e = VectorMath.Exp(-absolute);
            sum += Vector512.ConditionalSelect(mask, absolute + VectorMath.Log1p(e) * 2 + log, Vector512<float>.Zero);
            if (dPlace == null)
            {
                continue;
            }
            // d/dz of |z| + 2 ln(1 + exp(-|z|)) is tanh(z/2).
            var tanh = Vector512.CopySign((one - e) / (one + e), z);
            Vector512.ConditionalSelect(mask, tanh * inverse * pace * factor, Vector512<float>.Zero).Store(dPlace + h);
            Vector512.ConditionalSelect(mask & inside, (z * tanh - one) * factor, Vector512<float>.Zero).Store(dScale + h);
        }
        return -(VectorMath.Sum(sum) / (double)horizon + Math.Log(unit));
    }

    /// <summary>Place and scale of one reading's distribution, in the units of the series that the linear forecast is in.</summary>
    /// <param name="place">(W h + b)_h.</param>
    /// <param name="scale">(V h + c)_h.</param>
    /// <param name="linear">The linear forecast of the reading.</param>
    /// <param name="unit">The window's unit.</param>
    public static (double Place, double Scale) Decode(float place, float scale, float linear, double unit) =>
        (linear + unit * Pace * place, unit * Math.Exp(Math.Clamp(scale, LeastLogScale, MostLogScale)));

    /// <summary>Quantile of the standard logistic distribution: ln(p / (1 - p)).</summary>
    public static double StandardQuantile(double p) => Math.Log(p / (1 - p));

    private static Vector512<float> Lanes => Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
