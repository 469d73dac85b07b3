using Foretell.Models.Gpu;

namespace Foretell.Silo.Settings;

/// <summary>Names of what may step a silo's rows.</summary>
internal static class DeviceName
{
    /// <summary>Torch on the CPU, or on the first GPU. Their rows have an arithmetic of their own.</summary>
    public const string TorchCpu = "torch-cpu", TorchCuda = "torch-cuda";

    /// <summary>All, for messages.</summary>
    public const string All = $"{StepDevices.Names}; or, with Torch's arithmetic in place of the CPU's, {TorchCpu} or {TorchCuda}";

    /// <summary>True for one of them.</summary>
    public static bool IsKnown(string name) => name is TorchCpu or TorchCuda || StepDevices.IsName(name);
}
