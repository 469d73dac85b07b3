using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Torch.Stepping;

/// <summary>A device of Torch's as what steps the rows of a process, each shard on the thread that advances it.</summary>
/// <param name="model">Model of the rows, of mixer aaren or linear.</param>
/// <param name="device">Where they are stepped.</param>
public sealed class TorchStepDevice(ForecastModel model, TorchDevice device) : IStepDevice
{
    /// <inheritdoc/>
    /// <remarks>"torch-cpu" or "torch-cuda", without a version: two versions are as close to each other as each is to the CPU's own
    /// arithmetic, and what must not happen unnoticed is that rows of Torch's and of the program's step mix.</remarks>
    public string Arithmetic => device.Arithmetic;

    /// <inheritdoc/>
    /// <remarks>The backend's one shape.</remarks>
    public int SliceRecords => TorchStateBackend.BatchRows;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The model's mixer is neither aaren nor linear, or it reads values.</exception>
    public IStateBackend OpenBackend() => new TorchStateBackend(model, device);

    /// <inheritdoc/>
    public DeviceReport Report() => new(device.Name);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing of its own: Torch stays for as long as the process does.
    }
}
