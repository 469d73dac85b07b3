using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Tests.Forecasting;

public class SilenceBoundsTests
{
    [Theory]
    [InlineData(0.5, 16)]
    [InlineData(0.05, 48)]
    [InlineData(0.001, 16)]
    [InlineData(0.001, 128)]
    [InlineData(1e-9, 32)]
    [InlineData(0.001, 16, 7.0)]
    [InlineData(0.001, 16, 0.0, 0.2)]
    [InlineData(1e-5, 16, 7.0)]
    public void Compute_WhenStatesVary_EnclosesTheQuantileClosely(double survival, int components, double resolution = 0, double ties = 0)
    {
        const int rows = 300;
        var model = ForecastModel.Untrained(new ModelConfig
        {
            Width = 16, Layers = 1, Heads = 2, Components = components, TimeUnitSeconds = 60, LogGapMean = 1.5, LogGapDeviation = 2,
            Resolution = resolution, Ties = ties,
        }, seed: 3);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(rows);
        var random = new Random(11);
        float[][] states = new float[rows][];
        for (int row = 0; row < rows; row++)
        {
            // Far wilder than a normalised hidden vector: weights from nearly even to nearly one, deviations at both limits.
            float wildness = row % 30;
            states[row] = [.. Enumerable.Range(0, model.StateFloats).Select(_ => (float)(random.NextDouble() - 0.5) * wildness)];
            backend.Write(row, states[row]);
        }
        int[] order = [.. Enumerable.Range(0, rows).OrderBy(_ => random.Next())];
        double[] atLeast = new double[rows], atMost = new double[rows];
        using var bounds = new SilenceBounds(model, survival);

        bounds.Compute(backend, order, atLeast, atMost);

        int useful = 0;
        for (int i = 0; i < rows; i++)
        {
            double exact = new Forecaster(model).Forecast(states[order[i]], 0).Quantile(1 - survival);
            Assert.True(atLeast[i] <= exact * (1 + 1e-6) && exact <= atMost[i] * (1 + 1e-6), $"{atLeast[i]} <= {exact} <= {atMost[i]}");
            if (atLeast[i] > 0)
            {
                useful++;
                if (resolution > 0)
                {
                    continue;
                }
                // What the bound leaves over: at most every component's share, and the slack of its quantile.
                Assert.True(new Forecaster(model).LogSurvival(states[order[i]], atLeast[i]) <= Math.Log(survival * components) + 0.02);
            }
        }
        Assert.True(survival * components > 1 || useful == rows || resolution > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Create_WhenTheThresholdIsNoProbability_SaysWhatIsAllowed(double survival) =>
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentOutOfRangeException>(() => new SilenceBounds(TestModels.Model(), survival))
            .Message);
}
