using System.Text.Json;
using Foretell.Bench.Gpu;
using Foretell.Support;

namespace Foretell.Models.Gpu.Tests.Scripts;

/// <summary>bench/gpu/run.py as it would run on a GPU: the driver is a stand-in that interprets the PTX, instruction by
/// instruction.</summary>
/// <remarks>So the PTX's text, the call's parameters and the script are held to the CPU's bytes; NVIDIA's compiler and GPUs are
/// not.</remarks>
public sealed class RunScriptTests(RunScriptTests.Packed packed) : IClassFixture<RunScriptTests.Packed>
{
    private const int Refused = 2, NoGpu = 3, Different = 4;

    private readonly string _folder = packed.Folder.Path;

    [Fact]
    public async Task Run_WhenTheKernelIsInterpreted_FindsTheBytesOfTheCpu()
    {
        using var results = new TemporaryFolder();
        string json = results.At("results.json");

        (int code, string output, string error) = await InterpretedAsync("--json", json);

        Assert.True(code == 0, error);
        Assert.All(new[] { "aaren-16, kernel row", "aaren-16, kernel tile", "linear-16, kernel row", "linear-16, kernel tile" },
            name => Assert.Contains($"{name}: 6 rows", output));
        JsonElement written = JsonDocument.Parse(File.ReadAllText(json)).RootElement, lines = written.GetProperty("results");
        // What the data sheet says of the GPU whose clocks the stand-in has.
        Assert.Equal(67e12, written.GetProperty("peaks").GetProperty("operations").GetDouble(), 0.5e12);
        Assert.Equal(3.35e12, written.GetProperty("peaks").GetProperty("memory").GetDouble(), 0.01e12);
        Assert.Equal([1, 4, 1, 4, 1, 4, 1, 4], lines.EnumerateArray().Select(r => r.GetProperty("batch").GetInt32()));
        Assert.All(lines.EnumerateArray(), r =>
        {
            Assert.InRange(r.GetProperty("kernelSeconds").GetDouble(), double.Epsilon, double.MaxValue);
            Assert.InRange(r.GetProperty("operationsFloorSeconds").GetDouble(), double.Epsilon, double.MaxValue);
        });
    }

    [Fact]
    public async Task Run_WhenTheGpuRoundsTwice_NamesTheFirstFloatThatDiffers()
    {
        (int code, _, string error) = await InterpretedAsync("--contracted");

        Assert.Equal(Different, code);
        Assert.Matches(@"aaren-16, kernel row, after the first batch of \d events: row \d, float \d+ is 0x[0-9a-f]{8} \(.*\), expected 0x[0-9a-f]{8} \(.*\); \d+ of \d+ floats differ", error);
    }

    [Theory]
    [InlineData("--empty", NoGpu, "CUDA_ERROR_NO_DEVICE")]
    [InlineData("--old", Refused, "need compute capability 8.0 or later, this GPU has 7.0")]
    [InlineData("--refuses", Refused, "line 1: unhappy")]
    [InlineData("--breaks", Refused, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    public async Task Run_WhenTheGpuCannotDoIt_SaysWhy(string fault, int expected, string reason)
    {
        (int code, _, string error) = await InterpretedAsync(fault);

        Assert.Equal(expected, code);
        Assert.Contains(reason, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Check_WhenTheFolderIsWhole_SaysWhatItHolds()
    {
        (int code, string output, string error) = await PythonProgram.RunAsync(Path.Combine(_folder, "run.py"), "--check");

        Assert.True(code == 0, error);
        Assert.Contains("2 models, kernels row and tile", output);
    }

    [Theory]
    [InlineData("aaren-16.bin", "was changed")]
    [InlineData("tile.ptx", "was changed")]
    [InlineData("manifest.json", "cannot read the manifest")]
    public async Task Check_WhenAFileIsDamaged_NamesIt(string file, string reason)
    {
        using TemporaryFolder copy = packed.Copy();
        string path = copy.At(file);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 0x80;
        File.WriteAllBytes(path, bytes);

        (int code, _, string error) = await PythonProgram.RunAsync(copy.At("run.py"), "--check");

        Assert.Equal(Refused, code);
        Assert.Contains(reason, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("\"name\": \"network\",\n          \"bytes\": 48", "\"name\": \"network\",\n          \"bytes\": 44", "declares the parameters")]
    [InlineData("\"steps\": [", "\"steps\": [\n1,", "bytes of events are not")]
    [InlineData("foretell-gpu-pack/1", "foretell-gpu-pack/9", "its format is foretell-gpu-pack/9")]
    public async Task Check_WhenTheManifestDisagrees_SaysWhere(string part, string other, string reason)
    {
        using TemporaryFolder copy = packed.Copy();
        string path = copy.At(PackManifest.FileName), text = File.ReadAllText(path);
        Assert.Contains(part, text);
        File.WriteAllText(path, text.Replace(part, other, StringComparison.Ordinal));

        (int code, _, string error) = await PythonProgram.RunAsync(copy.At("run.py"), "--check");

        Assert.Equal(Refused, code);
        Assert.Contains(reason, error);
    }

    private async Task<(int Code, string Output, string Error)> InterpretedAsync(params string[] arguments) =>
        await PythonProgram.RunAsync([Repository.At("tests/Models.Gpu.Tests/Scripts/fake_driver.py"), _folder, .. arguments, _folder]);

    /// <summary>A packed folder of two tiny models.</summary>
    public sealed class Packed : IDisposable
    {
        public Packed() => StepPack.Write(Folder.Path, [new BenchCase("aaren", 16, 2, 2), new BenchCase("linear", 16, 1, 2)],
            streams: 6, steps: 3, [1, 4]);

        public TemporaryFolder Folder { get; } = new();

        /// <summary>Another such folder, to be damaged.</summary>
        public TemporaryFolder Copy()
        {
            var copy = new TemporaryFolder();
            foreach (string file in Directory.GetFiles(Folder.Path))
            {
                File.Copy(file, copy.At(Path.GetFileName(file)));
            }
            return copy;
        }

        public void Dispose() => Folder.Dispose();
    }
}
