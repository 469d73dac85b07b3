using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Tests.Reference;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Training;

/// <summary>Holds a head and its inputs, with the whole network below them, to plain loops, and their gradients to central
/// differences.</summary>
internal static unsafe class HeadCheck
{
    /// <summary>Runs a pass over one sequence at random weights.</summary>
    /// <param name="layout">Parameters of the network.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="sequence">The sequence, each of whose events is a row.</param>
    /// <param name="random">Draws the weights, and the ones that are looked at.</param>
    /// <param name="plain">Log-likelihood by a plain network.</param>
    /// <param name="values">The value head's mixtures, where there is one.</param>
    public static void Agrees(ParameterLayout layout, ModelConfig config, EncodedSequence sequence, RandomStream random,
        Func<ReferenceNetwork, double> plain, IReadOnlyList<ValueMixture>? values = null)
    {
        using var weights = new AlignedBuffer(layout.Length);
        foreach (Parameter p in layout.All)
        {
            for (int i = 0; i < p.Rows * p.Columns; i++)
            {
                weights.Span[TestModels.Place(p, i)] = (float)(0.3 * random.NextNormal());
            }
        }
        using var gradient = new AlignedBuffer(layout.Length);
        using var pass = new NetworkPass(config, layout, timeHead: null, values);
        pass.Run(weights.Pointer, [sequence], gradient.Pointer, 1);

        Dictionary<string, double[]> tensors = TestModels.Tensors(layout, weights.Span);
        Assert.Equal(sequence.Rows, pass.Rows);
        Assert.Equal(plain(new ReferenceNetwork(config, n => tensors[n])), pass.Others, 2e-4);
        foreach (Parameter p in layout.All)
        {
            double[] numbers = tensors[p.Name];
            foreach (int i in Enumerable.Range(0, 6).Select(_ => random.NextInt(numbers.Length)).Distinct())
            {
                double expected =
                    FiniteDifference.Of(x => plain(new ReferenceNetwork(config, n => n == p.Name ? x : tensors[n])), numbers, i);
                double actual = gradient.Span[TestModels.Place(p, i)];
                Assert.True(Math.Abs(expected - actual) <= 2e-3 * (1 + Math.Abs(expected)), $"{p.Name}[{i}]: backward pass {actual}, differences {expected}.");
            }
        }
    }
}
