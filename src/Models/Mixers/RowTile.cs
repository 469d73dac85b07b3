using Foretell.Models.Network;

namespace Foretell.Models.Mixers;

/// <summary>Rows of a tile of events.</summary>
/// <param name="fixedParts">Each row's fixed part (<see cref="StateLayout"/>).</param>
/// <param name="tails">Each row's tail, with room for one more event; null where no mixer has one.</param>
internal readonly unsafe struct RowTile(float** fixedParts, float** tails)
{
    /// <summary>Rows of a tile at most: enough to keep the multiply units busy, few enough to stay in cache.</summary>
    public const int MaxRows = 48;

    /// <summary>Fixed parts.</summary>
    public float** Fixed => fixedParts;

    /// <summary>Tails.</summary>
    public float** Tails => tails;
}
