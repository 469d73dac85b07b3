using System.Globalization;
using System.Runtime.InteropServices;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Foretell.Bench.Gpu;

/// <summary>Checks the kernel's bytes on this machine's GPU and times it: what run.py does, with ILGPU in Python's place.</summary>
internal static class GpuRun
{
    /// <summary>Exit codes, the same as run.py's.</summary>
    public const int Same = 0, Refused = 2, NoGpu = 3, Different = 4;

    /// <summary>Runs on the first NVIDIA GPU.</summary>
    /// <returns>The program's exit code.</returns>
    public static int Run(IReadOnlyList<BenchCase> cases, int streams, int steps, IReadOnlyList<int> batches, TextWriter output,
        TextWriter error)
    {
        Context context;
        try
        {
            context = FusedContext.Create(builder => builder.Cuda());
        }
        catch (Exception e) when (e is CudaException or DllNotFoundException or NotSupportedException)
        {
            error.WriteLine($"There is no GPU to run on: NVIDIA's driver does not start ({e.Message}). Nothing was checked.");
            return NoGpu;
        }
        using (context)
        {
            if (context.GetCudaDevices().Count == 0)
            {
                error.WriteLine("There is no GPU to run on: NVIDIA's driver was not found, or it sees no GPU. Nothing was checked.");
                return NoGpu;
            }
            try
            {
                using CudaAccelerator accelerator = context.CreateCudaAccelerator(0);
                output.WriteLine($"{accelerator.Name}, compute capability {accelerator.Architecture}, {accelerator.NumMultiprocessors} "
                    + "multiprocessors");
                return Run(accelerator, GpuPeaks.Of(accelerator), cases, streams, steps, batches, output, error);
            }
            catch (AcceleratorException e)
            {
                error.WriteLine($"The GPU did not do the work: {e.Message}");
                return Refused;
            }
        }
    }

    /// <summary>Runs on an accelerator of a context of <see cref="FusedContext"/>.</summary>
    public static int Run(Accelerator accelerator, GpuPeaks peaks, IReadOnlyList<BenchCase> cases, int streams, int steps,
        IReadOnlyList<int> batches, TextWriter output, TextWriter error)
    {
        (BenchCase Case, FusedKernel Kernel)[] pairs = [.. cases.SelectMany(c => FusedKernel.All.Select(k => (c, k)))];
        foreach ((BenchCase benchCase, FusedKernel kernel) in pairs)
        {
            if (Check(accelerator, kernel, benchCase, streams, steps) is { } difference)
            {
                error.WriteLine($"The GPU's bytes are not the CPU's. Kernel {kernel.Name}, {difference}.");
                return Different;
            }
            output.WriteLine($"{benchCase.Name}, kernel {kernel.Name}: {streams} rows after {steps} batches, every byte as expected");
        }
        output.WriteLine(peaks.ToString());
        output.WriteLine("Times in microseconds a batch; the last two columns are the highest floor over the time.");
        output.WriteLine($"{"case",-10} {"kernel",-6} {"d",4} {"B",6} {"kernel us",10} {"with copies",11} {"events/s",12} {"floor PCIe",10} "
            + $"{"floor memory",12} {"floor operations",16} {"kernel at",9} {"all at",7}");
        foreach ((BenchCase benchCase, FusedKernel kernel) in pairs)
        {
            using var timing = new GpuTiming(accelerator, kernel, benchCase, batches.Max());
            foreach (int batch in batches)
            {
                output.WriteLine($"{benchCase.Name,-10} {kernel.Name,-6} {Line(benchCase.Width, batch, timing, peaks)}");
            }
        }
        return Same;
    }

    /// <summary>Steps rows on the accelerator and compares them with the CPU's; null where all bytes agree.</summary>
    private static string? Check(Accelerator accelerator, FusedKernel benchKernel, BenchCase benchCase, int streams, int steps)
    {
        var model = new FusedModel(benchCase.Model());
        using var random = new BenchStreams(model, streams);
        using var kernel = new DeviceStep(accelerator, model, benchKernel);
        using MemoryBuffer1D<float, Stride1D.Dense> rows = accelerator.Allocate1D(random.Rows());
        for (int step = 0; step < steps; step++)
        {
            StepEvent[] batch = random.Step();
            using MemoryBuffer1D<StepEvent, Stride1D.Dense> events = accelerator.Allocate1D(batch);
            kernel.Launch(rows.View, events.View);
            accelerator.Synchronize();
            ReadOnlySpan<uint> actual = MemoryMarshal.Cast<float, uint>(rows.GetAsArray1D()),
                expected = MemoryMarshal.Cast<float, uint>(random.Rows());
            int same = actual.CommonPrefixLength(expected);
            if (same < expected.Length)
            {
                int floats = model.Model.StateFloats;
                return $"{benchCase.Name}, after batch {step + 1} of {batch.Length} events: row {same / floats}, float {same % floats} is "
                    + $"0x{actual[same]:x8}, expected 0x{expected[same]:x8}";
            }
        }
        return null;
    }

    private static string Line(int width, int batch, GpuTiming timing, GpuPeaks peaks)
    {
        double kernel = timing.KernelSeconds(batch), whole = timing.WholeSeconds(batch);
        double? memory = batch * (double)(2 * timing.RowBytes + timing.EventBytes) / peaks.Memory,
            operations = batch * (double)timing.Operations / peaks.Operations;
        // Copies both ways and the kernel could all run side by side, so what takes longest of them is the least that it takes.
        double pcie = batch * Math.Max((timing.RowBytes + timing.EventBytes) / peaks.CopyIn, timing.RowBytes / peaks.CopyOut);
        double? least = memory is { } m && operations is { } o ? Math.Max(m, o) : null;
        return string.Create(CultureInfo.InvariantCulture,
            $"{width,4} {batch,6} {kernel * 1e6,10:F1} {whole * 1e6,11:F1} {batch / whole,12:N0} {pcie * 1e6,10:F1} ")
            + $"{Micro(memory),12} {Micro(operations),16} {Percent(least / kernel),9} {Percent(Math.Max(pcie, least ?? 0) / whole),7}";
    }

    private static string Micro(double? seconds) => seconds is { } s ? (s * 1e6).ToString("F1", CultureInfo.InvariantCulture) : "-";

    private static string Percent(double? share) => share is { } s ? string.Create(CultureInfo.InvariantCulture, $"{100 * s:F1}%") : "-";
}
