namespace Foretell.Engine.Shards;

/// <summary>Sums of scores over the latest events; divide by <paramref name="Events"/> for means.</summary>
public readonly record struct ScoreTotals(long Events, double Time, double Mark, double BaselineTime, double BaselineMark)
{
    /// <summary>The sums over both.</summary>
    public static ScoreTotals operator +(ScoreTotals x, ScoreTotals y) =>
        new(x.Events + y.Events, x.Time + y.Time, x.Mark + y.Mark, x.BaselineTime + y.BaselineTime, x.BaselineMark + y.BaselineMark);

    /// <summary>The same means over no more than so many events: added to after each batch, older events fade, so no event rules the
    /// mean for good.</summary>
    internal ScoreTotals AtMost(long events)
    {
        double share = Events <= events ? 1 : (double)events / Events;
        return share == 1 ? this : new(events, Time * share, Mark * share, BaselineTime * share, BaselineMark * share);
    }
}
