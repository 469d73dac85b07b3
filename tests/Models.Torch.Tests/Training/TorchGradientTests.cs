using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Torch.Tests.Native;
using Foretell.Models.Torch.Training;
using Foretell.Models.Training;

namespace Foretell.Models.Torch.Tests.Training;

public unsafe class TorchGradientTests
{
    private const int HistorySeed = 82;

    public static TheoryData<string, bool, string> Forms =>
        new(from mixer in new[] { "aaren", "linear", "softmax" }
            from decay in new[] { true, false }
            from kind in new[] { "plain", "censored", "ties", "grid", "no marks", "silences" }
            select (mixer, decay, kind));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Run_WhenComparedWithTheOwnBackwardPass_AgreesInEveryTensor(string mixer, bool decay, string kind)
    {
        ModelConfig config = TestModels.Config(mixer, decay, kind == "no marks" ? 0 : 3) with
        {
            Censored = kind == "censored",
            Ties = kind == "ties" ? 0.2 : 0,
            Resolution = kind == "grid" ? 0.5 : 0,
        };
        // One row, one chunk, and so long that two chunks and a piece are carried over.
        AssertAgrees(config, [2, 40, 2 * ChunkedAttention.ChunkEvents + 17, 7, ChunkedAttention.ChunkEvents + 1],
            kind == "silences" ? 1e7 : 1);
    }

    [Fact]
    public void Run_WhenTheModelIsWideAndHasOneMark_Agrees() =>
        AssertAgrees(TestModels.Config(marks: 1, width: 64, heads: 8) with { Layers = 3 }, [30, 31]);

    private static void AssertAgrees(ModelConfig config, int[] lengths, double silence = 1)
    {
        TorchDevice device = TestTorch.Cpu();
        ForecastModel model = TestModels.Create(config);
        EncodedSequence[] batch = [.. lengths.Select((n, i) =>
            new EncodedSequence(TestModels.History(config, n, HistorySeed + i, silence), config, model.MarkIndices, config.Censored))];
        using var own = new BatchGradient(config, model.Layout, model.TimeHead, threads: 1);
        using var torch = new TorchGradient(device, config, model.Layout, model.TimeHead, threads: 1);

        (double ownNll, int ownRows) = own.Run(model.Weights, batch);
        (double nll, int rows) = torch.Run(model.Weights, batch);

        Assert.Equal(ownRows, rows);
        Assert.Equal(ownNll, nll, 2e-6 * rows);
        var tensors = new List<(string Name, double Norm, double Difference)>();
        foreach (Parameter p in model.Parameters)
        {
            double norm = 0, difference = 0;
            for (int i = 0; i < p.Rows * p.Columns; i++)
            {
                int at = p.Offset + i / p.Columns * p.Stride + i % p.Columns;
                norm += own.Gradient[at] * (double)own.Gradient[at];
                difference += Math.Pow(torch.Gradient[at] - (double)own.Gradient[at], 2);
            }
            tensors.Add((p.Name, norm, difference));
        }
        // What is 0 but for rounding, such as the gradient of the keys' bias, is held to the whole's norm.
        double whole = Math.Sqrt(tensors.Sum(t => t.Norm));
        Assert.True(Math.Sqrt(tensors.Sum(t => t.Difference)) < 1e-5 * whole);
        Assert.All(tensors, t => Assert.True(Math.Sqrt(t.Difference) < 1e-5 * Math.Sqrt(t.Norm) + 1e-7 * whole,
            $"{t.Name} is off by {Math.Sqrt(t.Difference):E2} of {Math.Sqrt(t.Norm):E2}; the whole gradient has {whole:E2}."));
        (double ownScore, long ownScored) = own.Score(model.Weights, batch);
        (double score, long scored) = torch.Score(model.Weights, batch);
        Assert.Equal(ownScored, scored);
        Assert.Equal(ownScore, score, 2e-6 * rows);
    }
}
