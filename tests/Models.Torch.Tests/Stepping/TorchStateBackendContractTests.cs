using Foretell.Backends.Contract;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Models.Torch.Stepping;
using Foretell.Models.Torch.Tests.Native;

namespace Foretell.Models.Torch.Tests.Stepping;

/// <summary>Torch's backend on the CPU: within a tolerance of the program's own step, and the same bits for any batch.</summary>
public sealed class TorchStateBackendContractTests : StateBackendContract
{
    /// <inheritdoc/>
    protected override double Tolerance => 1e-6;

    /// <inheritdoc/>
    protected override IStateBackend Create(ForecastModel model) => new TorchStateBackend(model, TestTorch.Cpu());
}
