using Foretell.Backends.Contract;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Tests.Stepping;

/// <summary>The CPU's backend against itself: what the batch, its order and a refusal must not change.</summary>
public sealed class CpuStateBackendContractTests : StateBackendContract
{
    /// <inheritdoc/>
    protected override double Tolerance => 0;

    /// <inheritdoc/>
    protected override IStateBackend Create(ForecastModel model) => new CpuStateBackend(model);
}
