namespace Foretell.Engine.Shards;

/// <summary>Sums of scores over events; divide by <paramref name="Events"/> for means.</summary>
public readonly record struct ScoreTotals(long Events, double Time, double Mark, double BaselineTime, double BaselineMark)
{
    /// <summary>The sums over both.</summary>
    public static ScoreTotals operator +(ScoreTotals x, ScoreTotals y) =>
        new(x.Events + y.Events, x.Time + y.Time, x.Mark + y.Mark, x.BaselineTime + y.BaselineTime, x.BaselineMark + y.BaselineMark);
}
