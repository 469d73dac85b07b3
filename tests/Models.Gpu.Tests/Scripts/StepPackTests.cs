using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Bench.Gpu;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Support;

namespace Foretell.Models.Gpu.Tests.Scripts;

/// <summary>What bench/gpu packs for a machine without .NET.</summary>
public sealed partial class StepPackTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Write_WhenAllModelsArePacked_StaysBelowTheLimit()
    {
        StepPack.Write(_temporary.Path, BenchCase.All, streams: 1024, steps: 8, [256]);

        Assert.InRange(Directory.GetFiles(_temporary.Path).Sum(f => new FileInfo(f).Length), 1, StepPack.Limit);
        Assert.Equal([32, 64, 128], BenchCase.All.Where(c => c.Mixer == "aaren").Select(c => c.Width));
    }

    [Fact]
    public void Write_WhenThePtxIsRead_NamesItsParameters()
    {
        PackManifest manifest = StepPack.Write(_temporary.Path, [new BenchCase("aaren", 16, 1, 2)], streams: 4, steps: 1, [2]);

        Assert.Equal(["row", "tile"], manifest.Kernels.Select(k => k.Name));
        Assert.Equal([1, TileProducts.Rows], manifest.Kernels.Select(k => k.RowsAGroup));
        foreach (PackKernel kernel in manifest.Kernels)
        {
            string ptx = File.ReadAllText(_temporary.At(kernel.File));
            // A view is read as two numbers of 64 bits, a structure as numbers of 32 bits, up to its last byte and no further.
            foreach (KernelParameter parameter in kernel.Parameters)
            {
                (string type, int bytes)[] reads = [.. ParameterRead().Matches(ptx).Where(m => m.Groups["name"].Value == parameter.Name)
                    .Select(m => (m.Groups["type"].Value, m.Groups["at"].Success ? Number(m.Groups["at"].Value) : 0))];
                int element = parameter.Name == "network" ? 4 : 8;
                Assert.All(reads, r => Assert.Equal($"b{8 * element}", r.type));
                Assert.Equal(Enumerable.Range(0, parameter.Bytes / element).Select(i => i * element), reads.Select(r => r.bytes));
            }
            Assert.Equal(typeof(StepKernel).GetMethod(nameof(StepKernel.Run))!.GetParameters().Select(p => p.Name),
                kernel.Parameters.Select(p => p.Name));
            Assert.Equal(Marshal.SizeOf<NetworkTable>(), kernel.Parameters[^1].Bytes);
            Assert.Equal(80, kernel.Target);
        }
    }

    [Fact]
    public void Write_WhenItsManifestIsReadAgain_SaysTheSame()
    {
        PackManifest written = StepPack.Write(_temporary.Path, [new BenchCase("linear", 16, 1, 2)], streams: 4, steps: 2, [2]);

        string text = File.ReadAllText(_temporary.At(PackManifest.FileName));
        PackManifest read = JsonSerializer.Deserialize<PackManifest>(text, StepPack.Json)!;

        Assert.Equal(JsonSerializer.Serialize(written, StepPack.Json), JsonSerializer.Serialize(read, StepPack.Json));
    }

    [Theory]
    [InlineData("aaren", 32, 4)]
    [InlineData("linear", 32, 4)]
    public void Write_WhenPlainLoopsStepThePackedRows_TheyGiveTheExpectedBytes(string mixer, int width, int heads)
    {
        var benchCase = new BenchCase(mixer, width, 2, heads);
        PackCase packed = StepPack.Write(_temporary.Path, [benchCase], streams: 30, steps: 4, [2]).Cases[0];
        byte[] file = File.ReadAllBytes(_temporary.At(packed.File));
        float[] rows = Section<float>(file, packed, "rows");
        StepEvent[] events = Section<StepEvent>(file, packed, "events");
        using var plain = new PlainStep(new FusedModel(benchCase.Model()), lastLaneFirst: false);

        int done = 0;
        foreach (int count in packed.Steps)
        {
            plain.Step(rows, events.AsSpan(done, count));
            done += count;
            if (done == count)
            {
                Assert.Equal(Section<uint>(file, packed, "first"), MemoryMarshal.Cast<float, uint>(rows).ToArray());
            }
        }

        Assert.Equal(events.Length, done);
        Assert.Equal(Section<uint>(file, packed, "expected"), MemoryMarshal.Cast<float, uint>(rows).ToArray());
    }

    [Fact]
    public void Operations_WhenCounted_AreTwoForEachWeightOfTheLayers()
    {
        const int d = 64, heads = 4, layers = 2;
        int layer = d * heads + d * d + (d + heads) * d + 2 * d * 4 * d;

        Assert.Equal(2L * layers * layer, BenchCase.Operations(new BenchCase("aaren", d, layers, heads).Model()));
    }

    private static T[] Section<T>(byte[] file, PackCase packed, string name) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(file.AsSpan((int)packed.Sections[name].Offset, (int)packed.Sections[name].Bytes)).ToArray();

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"ld\.param\.(?<type>b\d+)\s+%\w+, \[_(?<name>rows|events|weights|layers|rates|network)_\d+(\+(?<at>\d+))?\]")]
    private static partial Regex ParameterRead();
}
