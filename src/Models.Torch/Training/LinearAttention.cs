using Foretell.Models.Configuration;
using TorchSharp;

namespace Foretell.Models.Torch.Training;

/// <summary>Linear attention in chunks: the score of two events is ln(phi(q)'phi(k)). What was before a chunk is an event for each
/// feature of a head: its average is the value, phi(q)_i times its mass the weight.</summary>
/// <remarks>Source: Katharopoulos et al., ICML 2020, sections 3.2 and 3.4; phi = elu + 1.</remarks>
internal sealed class LinearAttention(ModelConfig config, DeviceParameters parameters, string layer)
    : ChunkedAttention(config, parameters, layer)
{
    // The least positive number that is normal: a product of features below it is as good as 0, and its logarithm must be finite.
    private static readonly Scalar s_tiny = 1.17549435e-38f;

    private readonly int _width = config.Width;
    private Tensor? _average, _logMass;

    /// <inheritdoc/>
    protected override Tensor Project(Tensor hidden) =>
        torch.cat([LinearFeatures.Log(Linear(hidden, "query")), LinearFeatures.Log(Linear(hidden, "key")), Linear(hidden, "value")], 1);

    /// <inheritdoc/>
    protected override (Tensor Values, Tensor LogMass) Attend(SequenceChunk chunk, Tensor projected)
    {
        int s = chunk.Sequences, l = chunk.Length;
        Tensor queries = Split(projected, 0, _width), keys = Split(projected, _width, _width),
            values = Split(projected, 2 * _width, _width);
        Tensor eventAges = EventAges(chunk, chunk.Start, l), ages = Ages(chunk, chunk.Times.narrow(1, 1, l));
        Tensor? fade = Fade(ages, eventAges);
        Tensor scores = Causal(LogProduct(queries, keys), fade, eventAges);
        // What each key leaves in each feature by the chunk's end. Shape [s, h, d_h, l].
        Tensor left = keys.transpose(2, 3), content = values;
        if (fade is not null)
        {
            left = left - fade.narrow(2, l - 1, 1);
        }
        if (chunk.Start > 0)
        {
            Tensor average = _average!.narrow(0, 0, s), mass = _logMass!.narrow(0, 0, s);
            Tensor? since = Fade(Ages(chunk, chunk.Times.narrow(1, 0, 1)), EventAges(chunk, chunk.Start - 1, 1));
            Tensor past = queries.Plus(mass.unsqueeze(2));
            scores = torch.cat([since is null ? past : past - since, scores], 3);
            values = torch.cat([average, values], 2);
            Tensor faded = since is null ? mass : mass - since.narrow(2, l - 1, 1).squeeze(3);
            (_average, _logMass) = Join(left, content, faded, average);
        }
        else
        {
            (_average, _logMass) = Average(left, content);
        }
        return Average(scores, values);
    }

    /// <summary>Averages and masses of the features [s, h, d_h (, d_h)] after a chunk, given those before it.</summary>
    private static (Tensor Average, Tensor LogMass) Join(Tensor left, Tensor values, Tensor logMass, Tensor average)
    {
        Tensor joined = torch.cat([logMass.unsqueeze(3), left], 3), sum = joined.logsumexp(-1, keepdim: true);
        Tensor weights = (joined - sum).exp();
        return ((weights.narrow(3, 0, 1) * average).Plus(weights.narrow(3, 1, left.shape[3]).matmul(values)), sum.squeeze(-1));
    }

    /// <summary>ln(phi(q)'phi(k)) of every pair. The largest features are taken out first, so that nothing overflows.</summary>
    private static Tensor LogProduct(Tensor queries, Tensor keys)
    {
        Tensor largestQuery = queries.detach().amax([-1], true), largestKey = keys.detach().amax([-1], true);
        return (queries - largestQuery).exp().matmul((keys - largestKey).exp().transpose(2, 3)).clamp_min(s_tiny).log()
            .Plus(largestQuery).Plus(largestKey.transpose(2, 3));
    }
}
