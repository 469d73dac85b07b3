using Foretell.Models.Inputs;
using Foretell.Models.Numerics;

namespace Foretell.Models.Series;

/// <summary>The next H readings as straight lines of the latest L: last + A (window - last), one matrix for all series, by ridge
/// regression.</summary>
/// <remarks>Source: Hoerl, Kennard, Technometrics 12, 1970; from the last reading: Zeng, Chen, Zhang, Xu, "Are Transformers Effective for
/// Time Series Forecasting?", AAAI 2023 (NLinear).</remarks>
internal sealed unsafe class LinearForecast : IDisposable
{
    /// <summary>Rows that are summed in floats; their sums are added in doubles.</summary>
    private const int Block = 1024;

    private readonly AlignedBuffer _matrix;

    private LinearForecast(int window, int horizon, AlignedBuffer matrix) => (Window, Horizon, _matrix) = (window, horizon, matrix);

    /// <summary>Readings L that are read.</summary>
    public int Window { get; }

    /// <summary>Readings H that are forecast.</summary>
    public int Horizon { get; }

    /// <summary>Floats of one row of forecasts.</summary>
    public int Stride => Padded(Horizon);

    /// <summary>Fits every origin of the series whose window and readings are all there.</summary>
    /// <param name="penalty">Weight of the squared coefficients, as a share of the windows' mean square. At least 0.001: the sums are of
    /// floats.</param>
    /// <param name="isWeighted">Each origin's errors count in units of its window: weighted least squares, so that restless stretches do not
    /// drown the others.</param>
    /// <exception cref="ArgumentException">No series has so many readings.</exception>
    public static LinearForecast Fit(IReadOnlyList<SeriesChannel> train, int window, int horizon, double penalty, bool isWeighted)
    {
        int l = Padded(window), h = Padded(horizon);
        double[] gram = new double[window * window], cross = new double[window * horizon];
        using var past = new AlignedBuffer(Block * l);
        using var next = new AlignedBuffer(Block * h);
        using var gramOfBlock = new AlignedBuffer((long)window * l);
        using var crossOfBlock = new AlignedBuffer((long)window * h);
        long rows = 0;
        foreach (SeriesChannel series in train)
        {
            for (int origin = window; origin + horizon <= series.Count; origin += Block)
            {
                int n = Math.Min(Block, series.Count - horizon - origin + 1);
                for (int i = 0; i < n; i++)
                {
                    float last = series.Readings[origin + i - 1];
                    ReadOnlySpan<float> readings = series.Readings.AsSpan(origin + i - window, window);
                    float weight = isWeighted ? (float)(1 / SeriesInput.Unit(readings)) : 1;
                    Differences(readings, last, past.Pointer + (nint)i * l, weight);
                    Differences(series.Readings.AsSpan(origin + i, horizon), last, next.Pointer + (nint)i * h, weight);
                }
                MatMul.Run(past.Pointer, 1, l, past.Pointer, l, null, gramOfBlock.Pointer, l, window, n, l, false);
                MatMul.Run(past.Pointer, 1, l, next.Pointer, h, null, crossOfBlock.Pointer, h, window, n, h, false);
                Add(gramOfBlock.Pointer, l, gram, window);
                Add(crossOfBlock.Pointer, h, cross, horizon);
                rows += n;
            }
        }
        if (rows == 0)
        {
            throw new ArgumentException($"A forecast of {horizon} readings from {window} needs a series of {window + horizon} readings or more in train; the longest has {train.Select(s => s.Count).DefaultIfEmpty().Max()}. Shorten the horizon.", nameof(train));
        }
        double meanSquare = Enumerable.Range(0, window).Average(i => gram[i * window + i]);
        // A series that never moves has nothing to regress on; the penalty keeps the system solvable.
        double ridge = penalty * meanSquare + 1e-9;
        for (int i = 0; i < window; i++)
        {
            gram[i * window + i] += ridge;
        }
        Cholesky.Solve(gram, window, cross, horizon, 1e-12 * ridge);
        var matrix = new AlignedBuffer((long)window * h);
        for (int i = 0; i < cross.Length; i++)
        {
            matrix.Pointer[(nint)(i / horizon) * h + i % horizon] = (float)cross[i];
        }
        return new LinearForecast(window, horizon, matrix);
    }

    /// <summary>Forecasts at some origins of a series.</summary>
    /// <param name="readings">The series.</param>
    /// <param name="from">First origin, by the index of its first reading; at least the window.</param>
    /// <param name="count">Origins, one behind the other.</param>
    /// <param name="forecasts">Output. Shape [count, stride].</param>
    public void Run(ReadOnlySpan<float> readings, int from, int count, Span<float> forecasts)
    {
        int l = Padded(Window), stride = Stride;
        using var past = new AlignedBuffer(Block * l);
        fixed (float* output = forecasts)
        {
            for (int start = 0; start < count; start += Block)
            {
                int n = Math.Min(Block, count - start);
                for (int i = 0; i < n; i++)
                {
                    int origin = from + start + i;
                    Differences(readings.Slice(origin - Window, Window), readings[origin - 1], past.Pointer + (nint)i * l, 1);
                }
                float* block = output + (nint)start * stride;
                MatMul.Run(past.Pointer, l, 1, _matrix.Pointer, stride, null, block, stride, n, Window, stride, false);
                for (int i = 0; i < n; i++)
                {
                    float last = readings[from + start + i - 1];
                    for (int j = 0; j < Horizon; j++)
                    {
                        block[(nint)i * stride + j] += last;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _matrix.Dispose();

    private static int Padded(int n) => (n + 15) / 16 * 16;

    private static void Differences(ReadOnlySpan<float> readings, float last, float* differences, float weight)
    {
        for (int i = 0; i < readings.Length; i++)
        {
            differences[i] = weight * (readings[i] - last);
        }
    }

    private static void Add(float* block, int stride, double[] sum, int columns)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += block[(nint)(i / columns) * stride + i % columns];
        }
    }
}
