namespace Foretell.Ingest.Simulation;

/// <summary>
/// Marks with a long memory: a guest has each of eight dishes in one of four ways and never changes. It has dishes often
/// in the beginning and rarely afterwards, so what it had early decides what it has some hundred events later.
/// </summary>
/// <remarks>All eight matter at every event, since any dish may be next: what is worth remembering does not depend on when it is
/// asked.</remarks>
internal sealed class Habits : MarkProcess
{
    /// <summary>Dishes.</summary>
    public const int Dishes = 8;

    /// <summary>Events of the beginning.</summary>
    public const int Beginning = 64;

    /// <summary>Probability that an event of the beginning is a dish.</summary>
    public const double Early = 1.0 / 2;

    /// <summary>Probability that a later event is a dish: each comes once in 128 events.</summary>
    public const double Later = 1.0 / 16;

    private static readonly string[] s_ways = ["mild", "hot", "sweet", "sour"];
    private static readonly (string Mark, double Share)[] s_common = [("tea", 0.25), ("bread", 0.25), ("water", 0.5)];

    private readonly double[] _row = new double[Marks.Length];
    private readonly int?[] _way = new int?[Dishes];
    private int _events;

    /// <summary>Every dish in every way, then what all guests have alike.</summary>
    public static string[] Marks { get; } =
        [.. Enumerable.Range(1, Dishes).SelectMany(_ => s_ways, (dish, way) => $"dish {dish} {way}"), .. s_common.Select(c => c.Mark)];

    /// <inheritdoc/>
    public override ReadOnlySpan<double> Row(double relativeGap)
    {
        double dish = _events < Beginning ? Early : Later;
        int ways = s_ways.Length;
        for (int i = 0; i < Dishes * ways; i++)
        {
            int? own = _way[i / ways];
            _row[i] = dish / Dishes * (own is null ? 1.0 / ways : own == i % ways ? 1 : 0);
        }
        for (int i = 0; i < s_common.Length; i++)
        {
            _row[Dishes * ways + i] = (1 - dish) * s_common[i].Share;
        }
        return _row;
    }

    /// <inheritdoc/>
    public override void Advance(int mark)
    {
        _events++;
        if (mark < Dishes * s_ways.Length)
        {
            _way[mark / s_ways.Length] = mark % s_ways.Length;
        }
    }
}
