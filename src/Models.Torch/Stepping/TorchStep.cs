using Foretell.Models.Configuration;
using Foretell.Models.Network;
using TorchSharp;

namespace Foretell.Models.Torch.Stepping;

/// <summary>The recurrent form of the whole network in Torch's operations: one event on each of a batch of rows.</summary>
internal sealed class TorchStep : IDisposable
{
    private readonly ModelConfig _config;
    private readonly TorchDevice _device;
    private readonly DeviceParameters _parameters;
    private readonly StepMixer[] _mixers;
    private readonly int _floats;

    /// <exception cref="NotSupportedException">The model reads values.</exception>
    public TorchStep(ForecastModel model, TorchDevice device)
    {
        if (model.ValueCount > 0)
        {
            throw new NotSupportedException($"Torch's step reads gaps and marks, and this model reads {model.ValueCount} values, too. Step this model on the CPU (CpuStateBackend).");
        }
        (_config, _device, _floats) = (model.Config, device, model.State.StepFloats);
        _parameters = new DeviceParameters(device, model.Parameters, model.ParameterVector.Length, learns: false);
        _parameters.Load(model.ParameterVector);
        _mixers = [.. Enumerable.Range(0, _config.Layers).Select(l => StepMixer.Create(_config, _parameters, l, device))];
    }

    /// <summary>Advances rows.</summary>
    /// <param name="state">Rows; overwritten. Shape [b, StepFloats].</param>
    /// <param name="events">Mark, lower half of the ordinal, and 1 for a first event. Shape [b, 3].</param>
    /// <param name="gaps">Gap, and standardised log gap. Shape [b, 2].</param>
    public void Run(Span<float> state, ReadOnlySpan<long> events, ReadOnlySpan<float> gaps)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable quiet = torch.no_grad();
        int b = gaps.Length / 2, d = _config.Width;
        Tensor rows = _device.Upload<float>(state, b, _floats), what = _device.Upload(events, b, 3), gap = _device.Upload(gaps, b, 2);
        Tensor first = what.narrow(1, 2, 1).ne(HeldNumbers.Zero), ordinal = what.narrow(1, 1, 1).to(torch.ScalarType.Int32);
        Tensor embedGap = _parameters["embed.gap"];
        Tensor x = _parameters["embed.mark"].view(-1, d).index_select(0, what.select(1, 0)).Plus(_parameters["embed.bias"])
            .Plus(torch.where(first, embedGap.narrow(0, 1, 1), gap.narrow(1, 1, 1) * embedGap.narrow(0, 0, 1)));
        var seen = new StepEvents(ordinal, first, gap.narrow(1, 0, 1));
        var after = new List<Tensor>();
        int offset = 0;
        for (int l = 0; l < _config.Layers; l++)
        {
            string layer = $"layer.{l}.";
            StepMixer mixer = _mixers[l];
            Tensor hidden = _parameters.Normalise(x, layer + "norm1");
            (Tensor next, Tensor attended) = mixer.Advance(rows.narrow(1, offset, mixer.StateFloats), hidden, seen);
            after.Add(next);
            offset += mixer.StateFloats;
            x = _parameters.FeedForward(x.Plus(_parameters.Linear(attended, layer + "output")), layer);
        }
        after.Add(_parameters.Normalise(x, "norm"));
        torch.cat(after, 1).Download(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_mixers, m => m.Dispose());
        _parameters.Dispose();
    }
}

/// <summary>What a mixer's step sees of a batch's events.</summary>
/// <param name="Ordinals">Lower halves of the ordinals. Shape [b, 1], Int32.</param>
/// <param name="First">Whether it is its stream's first. Shape [b, 1].</param>
/// <param name="Gaps">Time since the event before. Shape [b, 1].</param>
internal readonly record struct StepEvents(Tensor Ordinals, Tensor First, Tensor Gaps);
