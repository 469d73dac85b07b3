using System.Globalization;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Foretell.Bench.Gpu;

/// <summary>What a device could do at best.</summary>
/// <param name="Operations">Floating-point operations a second, by its clock; null where it does not tell it.</param>
/// <param name="Memory">Bytes a second of its memory, by its clock; null where it does not tell it.</param>
/// <param name="CopyIn">Bytes a second into the device from page-locked memory, measured.</param>
/// <param name="CopyOut">The same out of it.</param>
internal sealed record GpuPeaks(double? Operations, double? Memory, double CopyIn, double CopyOut)
{
    private const int Copied = 256 << 20;

    /// <summary>Reads the device's clocks and measures its copies.</summary>
    public static GpuPeaks Of(CudaAccelerator accelerator)
    {
        CudaDevice device = accelerator.Device;
        // Additions and multiplications that a multiprocessor begins in a cycle: 128, but 64 on compute capability 8.0.
        int lanes = accelerator.Architecture is { Major: 8, Minor: 0 } ? 64 : 128;
        (double copyIn, double copyOut) = MeasureCopies(accelerator, Copied);
        return new GpuPeaks(OperationsAt(device.ClockRate, accelerator.NumMultiprocessors, lanes),
            MemoryAt(device.MemoryClockRate, device.MemoryBusWidth), copyIn, copyOut);
    }

    /// <summary>Operations a second: a multiply-add is two.</summary>
    /// <param name="megahertz">Clock as ILGPU tells it; 0 where it is not known.</param>
    /// <param name="lanes">Additions or multiplications that a multiprocessor begins in a cycle.</param>
    public static double? OperationsAt(int megahertz, int multiprocessors, int lanes) =>
        megahertz > 0 ? megahertz * 1e6 * multiprocessors * lanes * 2 : null;

    /// <summary>Bytes a second: the memory moves data on both edges of its clock.</summary>
    /// <param name="megahertz">Clock as ILGPU tells it; 0 where it is not known.</param>
    /// <param name="bits">Width of the bus.</param>
    public static double? MemoryAt(int megahertz, int bits) => megahertz > 0 ? megahertz * 1e6 * 2 * bits / 8 : null;

    /// <summary>Bytes a second into the device and out of it.</summary>
    public static (double In, double Out) MeasureCopies(Accelerator accelerator, int bytes)
    {
        using PageLockedArray1D<byte> host = accelerator.AllocatePageLocked1D<byte>(bytes);
        using MemoryBuffer1D<byte, Stride1D.Dense> device = accelerator.Allocate1D<byte>(bytes);
        double copyIn = GpuTiming.Seconds(accelerator, () => device.View.CopyFromPageLockedAsync(host));
        double copyOut = GpuTiming.Seconds(accelerator, () => device.View.CopyToPageLockedAsync(host));
        return (bytes / copyIn, bytes / copyOut);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"PCIe {CopyIn / 1e9:F1} GB/s in and {CopyOut / 1e9:F1} out (measured), memory ")
        + $"{Text(Memory, 1e9)} GB/s and {Text(Operations, 1e12)} TFLOP/s by its clocks";

    private static string Text(double? value, double unit) => value is { } v ? (v / unit).ToString("F1", CultureInfo.InvariantCulture) : "-";
}
