using System.Runtime.InteropServices;
using TorchSharp;

namespace Foretell.Models.Torch;

/// <summary>Numbers on their way between the host's memory and a device's.</summary>
internal static class DeviceTensors
{
    /// <summary>A tensor on the device with a copy of the numbers.</summary>
    /// <param name="values">As many as the shape has.</param>
    public static Tensor Upload<T>(this TorchDevice device, ReadOnlySpan<T> values, params long[] shape) where T : unmanaged
    {
        torch.ScalarType type = typeof(T) == typeof(float) ? torch.ScalarType.Float32
            : typeof(T) == typeof(double) ? torch.ScalarType.Float64
            : typeof(T) == typeof(long) ? torch.ScalarType.Int64
            : typeof(T) == typeof(int) ? torch.ScalarType.Int32
            : throw new NotSupportedException($"Tensors of {typeof(T).Name} are not used here.");
        Tensor host = torch.empty(shape, type);
        MemoryMarshal.AsBytes(values).CopyTo(host.bytes);
        if (!device.IsCuda)
        {
            return host;
        }
        using (host)
        {
            return host.to(device.Device);
        }
    }

    /// <summary>Copies a tensor's numbers out, row by row; waits until they are there.</summary>
    /// <param name="values">Output; as long as the tensor.</param>
    public static void Download<T>(this Tensor tensor, Span<T> values) where T : unmanaged
    {
        using Tensor host = tensor.detach().cpu().contiguous();
        host.bytes.CopyTo(MemoryMarshal.AsBytes(values));
    }
}
