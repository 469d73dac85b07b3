using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Rows;

/// <summary>A model as a host serves it: the model, where its steps run, and the forecasts from its rows. One a process, shared
/// by all shards.</summary>
/// <param name="model">Model that advances every stream.</param>
/// <param name="openBackend">Makes the memory of one shard's rows, with the step on it; null for the CPU's.</param>
public sealed class ServingModel(ForecastModel model, Func<ForecastModel, IStateBackend>? openBackend = null)
{
    /// <summary>Model that advances every stream.</summary>
    public ForecastModel Model => model;

    /// <summary>Forecasts from its rows.</summary>
    public Forecaster Forecaster { get; } = new(model);

    /// <summary>An empty slab of rows; the caller disposes it.</summary>
    public IStateBackend OpenBackend() => openBackend?.Invoke(model) ?? new CpuStateBackend(model);
}
