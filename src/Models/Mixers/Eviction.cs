using Foretell.Models.Configuration;

namespace Foretell.Models.Mixers;

/// <summary>Which event leaves when one more than allowed is kept.</summary>
/// <remarks>
/// TOVA: the one with the least attention of the newest query, averaged over the heads; the newest itself may go.
/// Window: the oldest, but for the stream's first i where the name says so.
/// H2O: among all but the newest half, the one with the least attention so far; each head for itself.
/// Of equals the older leaves.
/// Sources: Oren et al., "Transformers are Multi-State RNNs", 2024; Zhang et al., "H2O: Heavy-Hitter Oracle",
/// NeurIPS 2023, algorithm 1.
/// </remarks>
internal readonly unsafe struct Eviction(MixerName name, int states)
{
    /// <summary>Slot of the event that leaves; <see cref="KvBlocks.Kept"/> stands for the newest event.</summary>
    /// <param name="blocks">The others, as many as may be kept.</param>
    /// <param name="ordinal">Ordinal of the newest.</param>
    /// <param name="attention">What the policy ranks by: attention of the kept ones, then of the newest. Shape [kept + 1].</param>
    public int Choose(KvBlocks blocks, uint ordinal, float* attention)
    {
        int chosen = blocks.Kept;
        uint chosenAge = 0;
        double least = Rank(chosen, 0, attention[chosen]);
        for (int slot = 0; slot < blocks.Kept; slot++)
        {
            uint age = blocks.EventAgeOf(slot, ordinal);
            double rank = Rank(slot, age, attention[slot]);
            if (rank < least || (rank == least && age > chosenAge))
            {
                (chosen, chosenAge, least) = (slot, age, rank);
            }
        }
        return chosen;
    }

    private double Rank(int slot, uint age, float attention) => name.Kind switch
    {
        MixerKind.Tova => attention,
        // The first events came into the first slots and stay there.
        MixerKind.Window => slot < name.First ? double.PositiveInfinity : -(double)age,
        _ => age < states / 2 ? double.PositiveInfinity : attention,
    };
}
