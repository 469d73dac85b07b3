namespace Foretell.Engine.Shards;

/// <summary>Sums of scores over events; divide by <paramref name="Events"/> for means.</summary>
public sealed record ScoreTotals(long Events, double Time, double Mark, double BaselineTime, double BaselineMark)
{
    /// <summary>No event.</summary>
    public static readonly ScoreTotals None = new(0, 0, 0, 0, 0);

    /// <summary>The sums over both.</summary>
    public static ScoreTotals operator +(ScoreTotals x, ScoreTotals y) =>
        new(x.Events + y.Events, x.Time + y.Time, x.Mark + y.Mark, x.BaselineTime + y.BaselineTime, x.BaselineMark + y.BaselineMark);
}
