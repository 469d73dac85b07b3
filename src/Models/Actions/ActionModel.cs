using Foretell.Models.Configuration;
using Foretell.Models.Control;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Training;

namespace Foretell.Models.Actions;

/// <summary>Says at every step of an episode what to do, by the return that is hoped for and all that came so far. Immutable and safe to
/// share between threads.</summary>
/// <remarks>Chen et al., "Decision Transformer", NeurIPS 2021; with the mixer aaren, Decision Aaren: Feng et al., "Attention as an RNN",
/// 2024.</remarks>
public sealed unsafe class ActionModel
{
    internal ActionModel(ModelConfig config, ParameterLayout layout, AlignedBuffer weights)
    {
        (Config, Layout, Weights) = (config, layout, weights);
        State = new StateLayout(config, layout);
    }

    /// <summary>Configuration, with what it reads and the actions.</summary>
    public ModelConfig Config { get; }

    internal ParameterLayout Layout { get; }

    internal StateLayout State { get; }

    internal AlignedBuffer Weights { get; }

    /// <summary>Bytes of one episode's row after a number of steps; the same for any number but with the mixer softmax.</summary>
    public long StateBytesAfter(long steps) => (State.Floats + State.TailFloats(ActionShape.EventsPerStep * steps)) * sizeof(float);

    /// <summary>Probabilities of each step's action, by what came up to its observation alone and by its own returns-to-go, in the parallel
    /// form. Shape [steps][actions].</summary>
    public double[][] Predict(ControlEpisode episode)
    {
        var encoded = new EncodedEpisode(Config.Actions!, episode.ReturnsToGo(), episode.Observations, episode.Actions);
        using var pass = new NetworkPass(Config, Layout, timeHead: null);
        pass.Run(Weights.Pointer, [new EncodedSequence(encoded, Config)], null, 0);
        return [.. Enumerable.Range(0, episode.Steps).Select(t => MarkHead.Probabilities(pass.Actions!.Logits(EncodedEpisode.RowOf(t))))];
    }
}
