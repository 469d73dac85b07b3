using System.Globalization;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu;

/// <summary>Opens a process's device by its name.</summary>
public static class StepDevices
{
    /// <summary>The names, for messages.</summary>
    public const string Names = "auto, cpu, cuda, cuda:N (the N-th GPU, from 0), or emulated (the GPU's kernel on the CPU, thousands of times slower: for tests)";

    /// <summary>True for a name that <see cref="Open"/> knows.</summary>
    public static bool IsName(string name) => name is "auto" or "cpu" or "emulated" || GpuOf(name) is not null;

    /// <summary>Opens a device. What only one of several silos has is asked for by its name; auto takes the first GPU where there is
    /// one that can be used, else the CPU.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="model">Model of the rows.</param>
    /// <param name="options">How it is used.</param>
    /// <param name="remark">Why auto came to the CPU, one sentence, or null.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="DeviceUnavailableException">A device that was named cannot be used.</exception>
    public static IStepDevice Open(string name, ForecastModel model, DeviceOptions options, out string? remark)
    {
        remark = null;
        switch (name)
        {
            case "cpu":
                return new CpuDevice(model);
            case "emulated":
                return new FusedDevice(Fused(model), Emulation(model), options with
                {
                    // What a GPU does in a millisecond takes minutes.
                    Capacity = 64, Patience = TimeSpan.FromMinutes(2), ComparedRows = 2,
                });
            case "auto":
                try
                {
                    return new FusedDevice(Fused(model), Gpu(0, model), options);
                }
                catch (DeviceUnavailableException e)
                {
                    remark = e.Message;
                    return new CpuDevice(model);
                }
            default:
                int gpu = GpuOf(name) ?? throw new ArgumentException($"A device is {Names}, got '{name}'.", nameof(name));
                return new FusedDevice(Fused(model), Gpu(gpu, model), options);
        }
    }

    /// <summary>Number of the GPU that a name means, or null.</summary>
    private static int? GpuOf(string name) => name == "cuda" ? 0
        : name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static FusedModel Fused(ForecastModel model)
    {
        try
        {
            return new FusedModel(model);
        }
        catch (NotSupportedException e)
        {
            throw new DeviceUnavailableException(e.Message, e);
        }
    }

    private static OwnAccelerator Gpu(int number, ForecastModel model)
    {
        try
        {
            Context context = FusedContext.Create(builder => builder.Cuda());
            var devices = context.GetCudaDevices();
            if (number >= devices.Count)
            {
                context.Dispose();
                throw new DeviceUnavailableException(devices.Count == 0
                    ? "There is no GPU here that CUDA's driver knows: libcuda.so.1, which comes with NVIDIA's driver, is missing or finds none."
                    : $"There is no GPU {number} here: CUDA's driver knows {devices.Count}, numbered from 0.");
            }
            CudaDevice device = devices[number];
            return new OwnAccelerator(context, () => device.CreateAccelerator(context), $"cuda:{number} {device.Name}", model);
        }
        catch (Exception e) when (e is not DeviceUnavailableException)
        {
            throw new DeviceUnavailableException($"GPU {number} cannot be used: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static OwnAccelerator Emulation(ForecastModel model)
    {
        Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(model.Config.Width, 1, 1)));
        return new OwnAccelerator(context, () => context.CreateCPUAccelerator(0), "emulated", model);
    }

    /// <summary>A step with the accelerator and the context that it runs in.</summary>
    private sealed class OwnAccelerator : IAccelerator
    {
        private readonly Context _context;
        private readonly Accelerator? _accelerator;
        private readonly FusedStep _step;

        public OwnAccelerator(Context context, Func<Accelerator> open, string name, ForecastModel model)
        {
            (_context, Name) = (context, name);
            try
            {
                _accelerator = open();
                _step = new FusedStep(new FusedModel(model), _accelerator);
            }
            catch
            {
                _accelerator?.Dispose();
                context.Dispose();
                throw;
            }
        }

        public string Name { get; }

        public IStepLane OpenLane(int capacity) => ((IAccelerator)_step).OpenLane(capacity);

        public void Dispose()
        {
            _step.Dispose();
            _accelerator!.Dispose();
            _context.Dispose();
        }
    }
}
