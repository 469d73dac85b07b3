using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>A mixer's parallel form in Torch's operations: causal attention over chunks of time, what was before a chunk carried
/// over with its gradients.</summary>
/// <remarks>
/// All three mixers are softmax over scores that fade with age: score(t, j) - perTime x (time since j) - perEvent x (events since j).
/// Ages are differences of times summed in double, exact where two events are close and the stream is old. An object serves one
/// pass of one layer.
/// </remarks>
internal abstract class ChunkedAttention(ModelConfig config, DeviceParameters parameters, string layer)
{
    /// <summary>Events of a chunk: work grows with it, launches fall.</summary>
    public const int ChunkEvents = 128;

    /// <summary>Heads h.</summary>
    protected int Heads => config.Heads;

    /// <summary>Width of a head d_h.</summary>
    protected int HeadWidth => config.Width / config.Heads;

    /// <summary>The mixer that a configuration names.</summary>
    public static ChunkedAttention Create(ModelConfig config, DeviceParameters parameters, string layer) => config.Mixer switch
    {
        "aaren" => new AarenAttention(config, parameters, layer),
        "linear" => new LinearAttention(config, parameters, layer),
        "softmax" => new SoftmaxAttention(config, parameters, layer),
        _ => throw new NotSupportedException($"Mixer {config.Mixer} bounds a trained model and is not trained itself."),
    };

    /// <summary>Runs attention.</summary>
    /// <param name="hidden">Normalised input. Shape [n, d].</param>
    /// <returns>Values, and with decay the log-masses. Shape [n, d or d + h].</returns>
    public Tensor Run(Tensor hidden, SequenceBatch batch)
    {
        Tensor projected = Project(hidden);
        var outputs = new List<Tensor>();
        foreach (SequenceChunk chunk in batch.Chunks)
        {
            (Tensor values, Tensor logMass) = Attend(chunk,
                projected.index_select(0, chunk.Rows).view(chunk.Sequences, chunk.Length, projected.shape[1]));
            Tensor joined = values.transpose(1, 2).reshape(-1, config.Width);
            outputs.Add(config.Decay ? torch.cat([joined, logMass.transpose(1, 2).reshape(-1, Heads)], 1) : joined);
        }
        return torch.cat(outputs, 0).index_select(0, batch.Places);
    }

    /// <summary>What attention needs of each event. Shape [n, any].</summary>
    protected abstract Tensor Project(Tensor hidden);

    /// <summary>Attends within a chunk and to what was carried here, and carries on.</summary>
    /// <param name="projected">The chunk's events. Shape [s, l, any].</param>
    /// <returns>Values [s, h, l, d_h] and log-masses [s, h, l].</returns>
    protected abstract (Tensor Values, Tensor LogMass) Attend(SequenceChunk chunk, Tensor projected);

    /// <summary>x W + b.</summary>
    protected Tensor Linear(Tensor x, string name) => parameters.Linear(x, layer + name);

    /// <summary>Columns of the projection as heads. Shape [s, h, l, columns / h].</summary>
    protected Tensor Split(Tensor projected, int first, int columns) =>
        projected.narrow(2, first, columns).view(projected.shape[0], projected.shape[1], Heads, columns / Heads).transpose(1, 2);

    /// <summary>What scores lose by age, or null where heads do not forget. Shape [s, h, l, j].</summary>
    /// <param name="ages">Time from each event of a chunk back to each event before. Shape [s, l, j].</param>
    /// <param name="eventAges">Events likewise. Shape [l, j].</param>
    protected Tensor? Fade(Tensor ages, Tensor eventAges)
    {
        if (!config.Decay)
        {
            return null;
        }
        Tensor perTime = parameters[layer + "decay.time"].exp().view(1, Heads, 1, 1),
            perEvent = parameters[layer + "decay.event"].exp().view(1, Heads, 1, 1);
        return (ages.unsqueeze(1) * perTime).Plus(eventAges.unsqueeze(0).unsqueeze(0) * perEvent);
    }

    /// <summary>Time from each of a chunk's events back to others. Shape [s, l, j].</summary>
    /// <param name="others">Their times. Shape [s, j], double.</param>
    protected static Tensor Ages(SequenceChunk chunk, Tensor others) =>
        (chunk.Times.narrow(1, 1, chunk.Length).unsqueeze(2) - others.unsqueeze(1)).to(torch.ScalarType.Float32);

    /// <summary>Events from each of a chunk's back to the sequence's events from an index on. Shape [l, count].</summary>
    protected static Tensor EventAges(SequenceChunk chunk, int first, int count) =>
        HeldNumbers.Range(chunk.Start, chunk.Length, torch.ScalarType.Float32, chunk.Times.device).unsqueeze(1)
            - HeldNumbers.Range(first, count, torch.ScalarType.Float32, chunk.Times.device).unsqueeze(0);

    /// <summary>Scores less what age takes, negative infinity where an event comes after.</summary>
    /// <param name="scores">Shape [s, h, l, j].</param>
    /// <param name="fade">From <see cref="Fade"/>.</param>
    /// <param name="eventAges">Negative for events that come after. Shape [l, j].</param>
    protected static Tensor Causal(Tensor scores, Tensor? fade, Tensor eventAges) =>
        (fade is null ? scores : scores - fade).masked_fill(eventAges.lt(HeldNumbers.Zero), HeldNumbers.NegativeInfinity);

    /// <summary>Softmax-weighted averages and the logarithm of the weights' sum.</summary>
    /// <param name="scores">Shape [s, h, l, j].</param>
    /// <param name="values">Shape [s, h, j, d_h].</param>
    protected static (Tensor Values, Tensor LogMass) Average(Tensor scores, Tensor values)
    {
        Tensor logMass = scores.logsumexp(-1, keepdim: true);
        return ((scores - logMass).exp().matmul(values), logMass.squeeze(-1));
    }
}
