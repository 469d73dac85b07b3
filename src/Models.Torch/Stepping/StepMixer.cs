using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Stepping;

/// <summary>A mixer's recurrent form in Torch's operations: running averages with their log-masses, as on the CPU
/// (docs/formats.md has the row).</summary>
internal abstract class StepMixer : IDisposable
{
    private readonly DeviceParameters _parameters;
    private readonly string _layer;
    private readonly int _averages, _masses;
    private readonly Tensor _perTime, _perEvent, _elements;

    /// <param name="averages">Floats of the averages, which the layer's state begins with.</param>
    /// <param name="masses">Log-masses; each takes a leading and a trailing float.</param>
    protected StepMixer(ModelConfig config, DeviceParameters parameters, int layer, TorchDevice device, int averages, int masses)
    {
        (Config, _parameters, _layer, _averages, _masses) = (config, parameters, $"layer.{layer}.", averages, masses);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor Rates(string name)
        {
            Tensor rates = config.Decay ? parameters[_layer + name].exp() : torch.zeros_like(parameters[_layer + name]);
            return rates.repeat_interleave(masses / config.Heads).unsqueeze(0).DetachFromDisposeScope();
        }
        (_perTime, _perEvent) = (Rates("decay.time"), Rates("decay.event"));
        _elements = HeldNumbers.Range(layer * averages, averages, torch.ScalarType.Int32, device.Device).unsqueeze(0)
            .DetachFromDisposeScope();
    }

    /// <summary>Floats of this layer's state.</summary>
    public int StateFloats => _averages + 2 * _masses;

    /// <summary>Configuration of the model.</summary>
    protected ModelConfig Config { get; }

    /// <summary>The mixer that a configuration names.</summary>
    public static StepMixer Create(ModelConfig config, DeviceParameters parameters, int layer, TorchDevice device) =>
        config.Mixer == "linear" ? new LinearStepMixer(config, parameters, layer, device)
            : new AarenStepMixer(config, parameters, layer, device);

    /// <summary>Folds events into the layer's state and reads it.</summary>
    /// <param name="state">Shape [b, StateFloats].</param>
    /// <param name="hidden">Normalised input. Shape [b, d].</param>
    /// <returns>The state after, and the attention's output [b, d or with decay d + h].</returns>
    public abstract (Tensor State, Tensor Output) Advance(Tensor state, Tensor hidden, in StepEvents events);

    /// <inheritdoc/>
    public void Dispose()
    {
        _perTime.Dispose();
        _perEvent.Dispose();
        _elements.Dispose();
    }

    /// <summary>x W + b.</summary>
    protected Tensor Linear(Tensor x, string name) => _parameters.Linear(x, _layer + name);

    /// <summary>Lets masses fade, adds a score to each and moves the averages by the event's share.</summary>
    /// <param name="scores">One a mass. Shape [b, masses].</param>
    /// <param name="values">One an average, or one for all of a mass. Shape [b, masses, averages / masses].</param>
    /// <returns>The state after, its averages [b, masses, averages / masses], and the log-masses [b, masses].</returns>
    protected (Tensor State, Tensor Averages, Tensor LogMass) Fold(Tensor state, Tensor scores, Tensor values, in StepEvents events)
    {
        Tensor average = state.narrow(1, 0, _averages), high = state.narrow(1, _averages, _masses),
            low = state.narrow(1, _averages + _masses, _masses);
        Tensor fade = torch.where(events.First, torch.zeros_like(high), torch.addcmul(_perEvent, _perTime, events.Gaps, HeldNumbers.One));
        (high, low) = Add(high, low, -fade);
        Tensor x = scores - high - low, newer = x.gt(HeldNumbers.Zero);
        // ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|), added to whichever is larger.
        (high, low) = Add(torch.where(newer, scores, high), torch.where(newer, torch.zeros_like(low), low), x.abs().neg().exp().log1p());
        Tensor before = average.view(-1, _masses, _averages / _masses);
        Tensor increment = x.sigmoid().unsqueeze(2) * (values - before);
        Tensor after = Dithering.Add(average, increment.view(-1, _averages), Dithering.Noise(events.Ordinals, _elements));
        return (torch.cat([after, high, low], 1), after.view(-1, _masses, _averages / _masses), high.Plus(low));
    }

    /// <summary>(high + low) + x, error-free but for the last bit of the trailing part (Knuth's two-sum).</summary>
    private static (Tensor High, Tensor Low) Add(Tensor high, Tensor low, Tensor x)
    {
        Tensor sum = high.Plus(x), part = sum - high;
        Tensor error = (high - (sum - part)).Plus(x - part).Plus(low);
        Tensor result = sum.Plus(error);
        return (result, error - (result - sum));
    }
}
