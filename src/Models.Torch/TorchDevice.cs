using System.Runtime.CompilerServices;
using TorchSharp;

namespace Foretell.Models.Torch;

/// <summary>A device that Torch computes on.</summary>
/// <remarks>Whoever gets one has seen Torch's libraries load. Numbers are single precision throughout: TF32 is off.</remarks>
public sealed class TorchDevice
{
    private TorchDevice(torch.Device device, string name, string arithmetic) =>
        (Device, Name, Arithmetic) = (device, name, arithmetic);

    /// <summary>What users call it: "torch-cpu", or "cuda:0" by the GPU's number.</summary>
    public string Name { get; }

    /// <summary>Whose bits come out: "torch-cpu" or "torch-cuda". The two agree within a tolerance, not bit for bit.</summary>
    public string Arithmetic { get; }

    /// <summary>Whether it is a GPU, with memory of its own.</summary>
    internal bool IsCuda => Device.type == DeviceType.CUDA;

    /// <summary>Torch's name for it.</summary>
    internal torch.Device Device { get; }

    /// <summary>This edition has a GPU's libraries, they load, and there is a GPU.</summary>
    public static bool HasCuda => TorchLibrary.HasCuda && TorchLibrary.Missing is null && CountGpus() > 0;

    /// <summary>The CPU.</summary>
    /// <param name="threads">Threads of Torch's in this process, 1 or more. Idle ones spin for a while: more than there are free cores
    /// cost more than they bring.</param>
    /// <exception cref="TorchUnavailableException">Torch cannot run here.</exception>
    public static TorchDevice Cpu(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        TorchLibrary.Require();
        return Open(threads, gpu: null);
    }

    /// <summary>A GPU.</summary>
    /// <param name="threads">Threads of the host's share, 1 or more.</param>
    /// <param name="gpu">Its number, from 0.</param>
    /// <exception cref="TorchUnavailableException">This edition has no Torch for CUDA, or there is no such GPU.</exception>
    public static TorchDevice Cuda(int threads, int gpu = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (TorchLibrary.IsHere && !TorchLibrary.HasCuda)
        {
            throw new TorchUnavailableException(
                "This edition of Foretell has Torch for the CPU and not for CUDA. Build it with -p:TorchBackend=cuda (docs/gpu.md).");
        }
        TorchLibrary.Require();
        int gpus = CountGpus();
        if (gpu < 0 || gpu >= gpus)
        {
            throw new TorchUnavailableException(gpus == 0
                ? "Torch finds no GPU: an NVIDIA GPU and its driver are needed, in a container the NVIDIA container toolkit, too."
                : $"There is no GPU {gpu}: Torch finds {gpus}, numbered from 0.");
        }
        return Open(threads, gpu);
    }

    // Apart from their callers: where TorchSharp is not there, a method that names it cannot even be compiled.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchDevice Open(int threads, int? gpu)
    {
        torch.set_num_threads(threads);
        if (gpu is not { } number)
        {
            return new TorchDevice(torch.CPU, "torch-cpu", "torch-cpu");
        }
        torch.backends.cuda.matmul.allow_tf32 = false;
        torch.backends.cudnn.allow_tf32 = false;
        return new TorchDevice(new torch.Device(DeviceType.CUDA, number), $"cuda:{number}", "torch-cuda");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CountGpus() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
