using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The gradient of one batch, computed by several threads and yet the same bit for bit for any number of them.</summary>
/// <remarks>A batch is dealt to a fixed number of groups by its content alone; each group's gradient is one thread's work, and
/// the groups are added in a fixed order.</remarks>
internal sealed unsafe class BatchGradient : IBatchGradient
{
    private const int Groups = 4;
    private readonly ParameterLayout _layout;
    private readonly NetworkPass[] _passes = new NetworkPass[Groups];
    private readonly AlignedBuffer[] _gradients = new AlignedBuffer[Groups];
    private readonly ParallelOptions _parallel;

    public BatchGradient(ModelConfig config, ParameterLayout layout, TimeHead? timeHead, int threads,
        IReadOnlyList<ValueMixture>? values = null)
    {
        _layout = layout;
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        for (int g = 0; g < Groups; g++)
        {
            _passes[g] = new NetworkPass(config, layout, timeHead, values);
            _gradients[g] = new AlignedBuffer(layout.Length);
        }
    }

    /// <inheritdoc/>
    public float* Gradient => _gradients[0].Pointer;

    /// <inheritdoc/>
    public (double Nll, int Rows) Run(AlignedBuffer weights, IReadOnlyList<EncodedSequence> batch)
    {
        List<EncodedSequence>[] groups = Deal(batch);
        int rows = batch.Sum(s => s.Rows);
        Parallel.For(0, Groups, _parallel, g =>
        {
            _gradients[g].Span.Clear();
            _passes[g].Run(weights.Pointer, groups[g], _gradients[g].Pointer, -1.0 / rows);
        });
        // A tree of fixed shape: (0 + 1) + (2 + 3).
        System.Diagnostics.Debug.Assert(Groups == 4);
        for (int i = 0; i < _layout.Length; i++)
        {
            _gradients[0].Pointer[i] = (_gradients[0].Pointer[i] + _gradients[1].Pointer[i])
                + (_gradients[2].Pointer[i] + _gradients[3].Pointer[i]);
        }
        return (-_passes.Sum(p => p.LogLikelihood), rows);
    }

    /// <inheritdoc/>
    public (double Nll, long Rows) Score(AlignedBuffer weights, IReadOnlyList<EncodedSequence> sequences)
    {
        // Small pieces keep the activations in cache; their sums are added in order.
        EncodedSequence[][] pieces = [.. sequences.Chunk(8)];
        var sums = new (double Time, double Mark, double OpenEnds, double Others, long Rows)[pieces.Length];
        Parallel.For(0, Groups, _parallel, g =>
        {
            for (int i = g; i < pieces.Length; i += Groups)
            {
                _passes[g].Run(weights.Pointer, pieces[i], null, 0);
                sums[i] = (-_passes[g].Time, -_passes[g].Mark, -_passes[g].OpenEnds, -_passes[g].Others, _passes[g].Rows);
            }
        });
        return (sums.Sum(s => s.Time) + sums.Sum(s => s.Mark) + sums.Sum(s => s.OpenEnds) + sums.Sum(s => s.Others),
            sums.Sum(s => s.Rows));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_passes, p => p?.Dispose());
        Array.ForEach(_gradients, g => g?.Dispose());
    }

    /// <summary>Longest sequences first, each to the group with the fewest events.</summary>
    private static List<EncodedSequence>[] Deal(IReadOnlyList<EncodedSequence> batch)
    {
        var groups = new List<EncodedSequence>[Groups];
        var load = new int[Groups];
        for (int g = 0; g < Groups; g++)
        {
            groups[g] = [];
        }
        foreach (EncodedSequence sequence in batch.OrderByDescending(s => s.Length))
        {
            int least = Array.IndexOf(load, load.Min());
            groups[least].Add(sequence);
            load[least] += sequence.Rows;
        }
        return groups;
    }
}
