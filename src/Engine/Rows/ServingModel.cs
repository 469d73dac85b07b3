using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Engine.Rows;

/// <summary>A model as a host serves it: the model, where its steps run, and the forecasts from its rows. One a process, shared
/// by all shards.</summary>
/// <param name="model">Model that advances every stream.</param>
/// <param name="device">What steps its rows; null for the CPU.</param>
/// <param name="shares">Whether the streams of a partition share what they show together.</param>
public sealed class ServingModel(ForecastModel model, IStepDevice? device = null, bool shares = false)
{
    /// <summary>Model that advances every stream.</summary>
    public ForecastModel Model => model;

    /// <summary>Whether the streams of a partition share what they show together (<see cref="Population"/>).</summary>
    public bool Shares => shares;

    /// <summary>Forecasts from its rows.</summary>
    public Forecaster Forecaster { get; } = new(model);

    /// <summary>What steps its rows.</summary>
    public IStepDevice Device { get; } = device ?? new CpuDevice(model);
}
