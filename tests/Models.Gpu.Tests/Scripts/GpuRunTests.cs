using System.Runtime.InteropServices;
using Foretell.Models.Gpu.Fused;
using Foretell.Bench.Gpu;
using Foretell.Support;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Foretell.Models.Gpu.Tests.Scripts;

/// <summary>bench/gpu by .NET: on ILGPU's CPU accelerator, and on machines that lack what it needs.</summary>
public sealed class GpuRunTests
{
    private static readonly GpuPeaks s_peaks = new(1e12, 1e11, 1e10, 1e10);

    private static bool HasDriver => NativeLibrary.TryLoad("libcuda.so.1", out _);

    [Fact]
    public void Run_WhenTheAcceleratorIsTheCpu_FindsTheBytesAndTimesTheBatches()
    {
        using Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(16, 1, 1)));
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        using var output = new StringWriter();
        using var error = new StringWriter();

        int code = GpuRun.Run(accelerator, s_peaks, [new BenchCase("aaren", 16, 1, 2)], streams: 3, steps: 2, [1, 2], output, error);

        Assert.Equal("", error.ToString());
        Assert.Equal(GpuRun.Same, code);
        string[] lines = output.ToString().TrimEnd().Split('\n');
        Assert.Contains("every byte as expected", lines[0]);
        Assert.Equal(["row 16 1", "row 16 2", "tile 16 1", "tile 16 2"],
            lines[^4..].Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..4])));
    }

    [Fact]
    public void MeasureCopies_WhenTheAcceleratorIsTheCpu_FindsARate()
    {
        using Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(16, 1, 1)));
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);

        (double copyIn, double copyOut) = GpuPeaks.MeasureCopies(accelerator, 1 << 16);

        Assert.InRange(copyIn, 1e3, 1e14);
        Assert.InRange(copyOut, 1e3, 1e14);
    }

    /// <summary>An H100 SXM: its data sheet says 67 TFLOP/s and 3.35 TB/s.</summary>
    [Fact]
    public void Peaks_WhenClocksAreGiven_AreThoseOfTheDataSheet()
    {
        Assert.Equal(67e12, GpuPeaks.OperationsAt(1980, multiprocessors: 132, lanes: 128)!.Value, 0.5e12);
        Assert.Equal(3.35e12, GpuPeaks.MemoryAt(2619, bits: 5120)!.Value, 0.01e12);
        Assert.Null(GpuPeaks.OperationsAt(0, 132, 128));
        Assert.Null(GpuPeaks.MemoryAt(0, 5120));
    }

    [Fact]
    public void Run_WhenThereIsNoGpu_SaysSo()
    {
        Assert.SkipWhen(HasDriver, "This machine has NVIDIA's driver; run bench/gpu/run on it.");
        using var output = new StringWriter();
        using var error = new StringWriter();

        int code = GpuRun.Run(BenchCase.All, streams: 3, steps: 1, [1], output, error);

        Assert.Equal(GpuRun.NoGpu, code);
        Assert.Contains("There is no GPU to run on", error.ToString());
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public async Task Script_WhenThereIsNoGpu_SaysSo()
    {
        Assert.SkipWhen(HasDriver, "This machine has NVIDIA's driver; run bench/gpu/run on it.");
        using var folder = new TemporaryFolder();
        StepPack.Write(folder.Path, [new BenchCase("aaren", 16, 1, 2)], streams: 4, steps: 1, [1]);

        (int code, _, string error) = await ScriptAsync(["python3"], folder.Path);

        Assert.SkipWhen(error.Contains("nor 'python3'"), "Python is not installed; the GPU script's Python side was not tested.");
        Assert.Equal(GpuRun.NoGpu, code);
        Assert.Contains("There is no GPU to run on: NVIDIA's driver was not found", error);
    }

    [Fact]
    public async Task Script_WhenThereIsNeitherDotnetNorPython_SaysWhatIsNeeded()
    {
        (int code, _, string error) = await ScriptAsync([]);

        Assert.Equal(1, code);
        Assert.Contains("the .NET SDK 10 or Python 3 is needed", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Script_WhenTheFolderIsNotPacked_SaysHowToPackOne()
    {
        using var folder = new TemporaryFolder();

        (int code, _, string error) = await ScriptAsync(["python3"], folder.Path);

        Assert.SkipWhen(error.Contains("nor 'python3'"), "Python is not installed; the GPU script's Python side was not tested.");
        Assert.Equal(1, code);
        Assert.Contains("-- pack FOLDER", error);
    }

    /// <summary>Runs the script with nothing but a shell's tools and some programs on the path.</summary>
    private static async Task<(int Code, string Output, string Error)> ScriptAsync(string[] programs, params string[] arguments)
    {
        using var path = new TemporaryFolder();
        foreach (string program in programs.Concat(["bash", "env", "readlink", "dirname"]))
        {
            if (new[] { "/bin", "/usr/bin" }.Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists) is { } real)
            {
                File.CreateSymbolicLink(Path.Combine(path.Path, program), real);
            }
        }
        return await PythonProgram.RunProgramAsync(Repository.At("bench/gpu/run"), arguments, path.Path);
    }
}
