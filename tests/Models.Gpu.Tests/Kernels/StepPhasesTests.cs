using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Mixers;
using Foretell.Models.Network;

namespace Foretell.Models.Gpu.Tests.Kernels;

/// <summary>The kernel's phases by plain loops against the CPU's step: every float of every row, bit for bit.</summary>
public class StepPhasesTests
{
    private const int StreamsSeed = 62, Events = 1000, TileEvents = 300;

    [Theory]
    [InlineData("aaren", true, 32, 4, false)]
    [InlineData("aaren", true, 32, 4, true)]
    [InlineData("aaren", false, 32, 4, false)]
    [InlineData("aaren", true, 16, 16, false)]
    [InlineData("aaren", true, 48, 3, true)]
    [InlineData("aaren", true, 64, 4, true)]
    [InlineData("aaren", false, 80, 1, false)]
    [InlineData("linear", true, 32, 4, false)]
    [InlineData("linear", true, 32, 4, true)]
    [InlineData("linear", false, 32, 2, false)]
    [InlineData("linear", true, 48, 2, true)]
    [InlineData("linear", true, 16, 16, false)]
    [InlineData("linear", false, 48, 1, false)]
    [InlineData("linear", true, 64, 4, true)]
    public void Run_WhenStreamsAreRandom_GivesTheBitsOfTheCpu(string mixer, bool decay, int width, int heads, bool lastLaneFirst)
    {
        // More streams than the CPU's tile has rows, so that its batches begin and end anywhere in one.
        Compare(RandomModels.Create(mixer, decay, width, heads), streams: 70, lastLaneFirst);
    }

    [Theory]
    [InlineData("aaren")]
    [InlineData("linear")]
    public void Run_WhenOneStreamSeesAThousandEvents_GivesTheBitsOfTheCpu(string mixer) =>
        Compare(RandomModels.Create(mixer), streams: 1, lastLaneFirst: false);

    [Theory]
    [InlineData("aaren", true, 32, 4, false)]
    [InlineData("aaren", false, 48, 3, true)]
    [InlineData("aaren", true, 16, 16, true)]
    [InlineData("linear", true, 32, 4, false)]
    [InlineData("linear", false, 48, 1, true)]
    public void Run_WhenFourRowsShareTheWeights_GivesTheBitsOfTheCpu(string mixer, bool decay, int width, int heads, bool lastLaneFirst) =>
        Compare(RandomModels.Create(mixer, decay, width, heads), streams: 70, lastLaneFirst, tiled: true);

    private static void Compare(ForecastModel model, int streams, bool lastLaneFirst, bool tiled = false)
    {
        var random = new RandomStreams(model, streams, StreamsSeed);
        float[] rows = random.Slab();
        using var cpu = new CpuRows(model, rows);
        using var plain = new PlainStep(new FusedModel(model), lastLaneFirst, tiled);
        for (int events = 0; events < (tiled ? TileEvents : Events);)
        {
            StepInput[] batch = random.Some();
            events += batch.Length;

            cpu.Step(batch);
            plain.Step(rows, random.Shuffled(batch));

            cpu.AssertSame(rows, batch);
        }
    }
}
