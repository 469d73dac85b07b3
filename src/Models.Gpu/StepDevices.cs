using System.Globalization;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu;

/// <summary>Why the CPU steps where another device was looked for.</summary>
/// <param name="Text">One sentence.</param>
/// <param name="IsExpected">There is no GPU, or no kernel for the model; false where there is one that is not used.</param>
public sealed record DeviceRemark(string Text, bool IsExpected);

/// <summary>Opens a process's device by its name.</summary>
public static class StepDevices
{
    /// <summary>The names, for messages.</summary>
    public const string Names = "auto, cpu, cuda, cuda:N (the N-th GPU, from 0), or emulated (the GPU's kernel on the CPU, thousands of times slower: for tests)";

    /// <summary>A driver that does not answer must not keep a process from starting.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Events of the batch by which the faster kernel is found.</summary>
    private const int LargeBatch = 4096;

    /// <summary>True for a name that <see cref="Open"/> knows.</summary>
    public static bool IsName(string name) => name is "auto" or "cpu" or "emulated" || GpuOf(name) is not null;

    /// <summary>Opens a device: the one that is named, or for auto the first GPU where there is one that can be used, else the CPU.
    /// A device that is slower than the CPU for every batch is not used.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="model">Model of the rows.</param>
    /// <param name="options">How it is used.</param>
    /// <param name="remark">Why the CPU steps although it was not named, or null.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="DeviceUnavailableException">A device that was named cannot be used.</exception>
    public static IStepDevice Open(string name, ForecastModel model, DeviceOptions options, out DeviceRemark? remark)
    {
        remark = null;
        if (name == "cpu")
        {
            return new CpuDevice(model);
        }
        FusedDevice device;
        try
        {
            device = OpenFused(name, model, options);
        }
        catch (DeviceUnavailableException e) when (name == "auto")
        {
            remark = new DeviceRemark(e.Message, e.IsExpected);
            return new CpuDevice(model);
        }
        DeviceReport report = device.Report();
        if (report.LeastWave < int.MaxValue)
        {
            return device;
        }
        device.Dispose();
        remark = new DeviceRemark($"{report.Name} takes longer than the CPU for every batch that fits, as measured just now.", IsExpected: false);
        return new CpuDevice(model);
    }

    private static FusedDevice OpenFused(string name, ForecastModel model, DeviceOptions options)
    {
        FusedModel fused = Fused(model);
        if (name == "emulated")
        {
            // What a GPU does in a millisecond takes minutes.
            return new FusedDevice(fused, Emulation(fused),
                options with { Capacity = 64, Patience = TimeSpan.FromMinutes(1), ComparedRows = 2 });
        }
        int gpu = name == "auto" ? 0 : GpuOf(name) ?? throw new ArgumentException($"A device is {Names}, got '{name}'.", nameof(name));
        return InTime(gpu, () => new FusedDevice(fused, Gpu(gpu, fused, options.Time), options));
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
            throw new DeviceUnavailableException(e.Message, e) { IsExpected = true };
        }
    }

    private static FusedDevice InTime(int gpu, Func<FusedDevice> open)
    {
        FusedDevice? device = null;
        DeviceUnavailableException? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                device = open();
            }
            catch (Exception e)
            {
                failure = e as DeviceUnavailableException
                    ?? new DeviceUnavailableException($"GPU {gpu} cannot be used: {e.Message.TrimEnd('.')}.", e);
            }
        }) { Name = "foretell-device-open", IsBackground = true };
        thread.Start();
        if (!thread.Join(s_patience))
        {
            throw new DeviceUnavailableException($"GPU {gpu} cannot be used: its driver did not answer within {s_patience.TotalSeconds:0} s.");
        }
        return failure is null ? device! : throw failure;
    }

    private static OwnAccelerator Gpu(int number, FusedModel model, TimeProvider time)
    {
        Context context = FusedContext.Create(builder => builder.Cuda());
        var devices = context.GetCudaDevices();
        if (number >= devices.Count)
        {
            context.Dispose();
            throw devices.Count == 0
                ? new DeviceUnavailableException(
                    "There is no GPU here that CUDA's driver knows: libcuda.so.1, which comes with NVIDIA's driver, is missing or finds none.")
                { IsExpected = true }
                : new DeviceUnavailableException($"There is no GPU {number} here: CUDA's driver knows {devices.Count}, numbered from 0.");
        }
        CudaDevice device = devices[number];
        // The threads that wait for batches sleep; left to itself the driver lets them spin where there are processors enough.
        return new OwnAccelerator(context, () => device.CreateCudaAccelerator(context, CudaAcceleratorFlags.ScheduleBlockingSync),
            accelerator => FusedStep.Fastest(model, accelerator, LargeBatch, time), $"cuda:{number} {device.Name}");
    }

    private static OwnAccelerator Emulation(FusedModel model)
    {
        Context context = FusedContext.Create(builder => builder.CPU(new CPUDevice(model.Network.Width, 1, 1)));
        return new OwnAccelerator(context, () => context.CreateCPUAccelerator(0), accelerator => new FusedStep(model, accelerator), "emulated");
    }

    /// <summary>A step with the accelerator and the context that it runs in.</summary>
    private sealed class OwnAccelerator : IAccelerator
    {
        private readonly Context _context;
        private readonly Accelerator? _accelerator;
        private readonly FusedStep? _step;

        public OwnAccelerator(Context context, Func<Accelerator> open, Func<Accelerator, FusedStep> load, string name)
        {
            (_context, Name) = (context, name);
            try
            {
                _accelerator = open();
                _step = load(_accelerator);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public string Name { get; }

        public IStepLane OpenLane(int capacity) => ((IAccelerator)_step!).OpenLane(capacity);

        public void Dispose()
        {
            Disposal.Try(_step);
            Disposal.Try(_accelerator);
            Disposal.Try(_context);
        }
    }
}
