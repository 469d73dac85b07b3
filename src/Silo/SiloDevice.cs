using Foretell.Grains.Placement;
using Foretell.Models.Gpu;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Models.Torch;
using Foretell.Models.Torch.Stepping;
using Foretell.Silo.Settings;

namespace Foretell.Silo;

/// <summary>Opens what steps a silo's rows: the CPU, the fused step on a GPU, or where it is asked for by name Torch.</summary>
internal static class SiloDevice
{
    /// <summary>Opens the device of a silo that holds shards; others have nothing to step.</summary>
    /// <exception cref="SettingsException">The device that the settings name cannot be used.</exception>
    public static IStepDevice Open(SiloSettings settings, ForecastModel model, DeviceLog log)
    {
        if (!settings.Has(SiloRoles.Worker))
        {
            return new CpuDevice(model);
        }
        try
        {
            return settings.Device switch
            {
                DeviceName.TorchCpu => Torch(model, TorchDevice.Cpu(threads: 1)),
                DeviceName.TorchCuda => Torch(model, TorchDevice.Cuda(threads: 1)),
                _ => OpenFused(settings, model, log),
            };
        }
        catch (Exception e) when (e is DeviceUnavailableException or TorchUnavailableException or NotSupportedException)
        {
            throw new SettingsException($"Foretell:Device is '{settings.Device}', which cannot be used. {e.Message} Give cpu, or auto to take the CPU where there is no other.", e);
        }
    }

    private static IStepDevice OpenFused(SiloSettings settings, ForecastModel model, DeviceLog log)
    {
        var options = new DeviceOptions
        {
            Threads = Math.Min(settings.Threads ?? Environment.ProcessorCount, Environment.ProcessorCount),
            LeastWave = settings.DeviceLeastWave,
            Retired = log.Retired,
        };
        IStepDevice device = StepDevices.Open(settings.Device, model, options, out DeviceRemark? remark);
        log.Remark = remark;
        return device;
    }

    /// <summary>One thread of Torch's for each of the silo's that advance shards: more of them would wait for each other.</summary>
    private static TorchStepDevice Torch(ForecastModel model, TorchDevice device)
    {
        var step = new TorchStepDevice(model, device);
        // A model that it cannot step is refused now, and not by the first shard.
        step.OpenBackend().Dispose();
        return step;
    }
}
