namespace Foretell.Engine.Shards;

/// <summary>Sums of scores over the latest events; divide by <paramref name="Events"/> for means.</summary>
public readonly record struct ScoreTotals(long Events, double Time, double Mark, double BaselineTime, double BaselineMark)
{
    /// <summary>Of the events' values; 0 where they are not forecast.</summary>
    public double Value { get; init; }

    /// <summary>The same by training alone.</summary>
    public double BaselineValue { get; init; }

    /// <summary>Of the latest labels that came for their streams.</summary>
    public LabelTotals Labels { get; init; }

    /// <summary>Sum of gap, mark and values.</summary>
    public double Joint => Time + Mark + Value;

    /// <summary>The same of the baseline.</summary>
    public double BaselineJoint => BaselineTime + BaselineMark + BaselineValue;

    /// <summary>The sums over both.</summary>
    public static ScoreTotals operator +(ScoreTotals x, ScoreTotals y) =>
        new(x.Events + y.Events, x.Time + y.Time, x.Mark + y.Mark, x.BaselineTime + y.BaselineTime, x.BaselineMark + y.BaselineMark)
        {
            Value = x.Value + y.Value,
            BaselineValue = x.BaselineValue + y.BaselineValue,
            Labels = x.Labels + y.Labels,
        };

    /// <summary>The same means over no more than so many events, and as many labels: added to after each batch, older ones fade, so none
    /// rules the mean for good.</summary>
    internal ScoreTotals AtMost(long events)
    {
        double share = Events <= events ? 1 : (double)events / Events;
        ScoreTotals latest = share == 1 ? this : new(events, Time * share, Mark * share, BaselineTime * share, BaselineMark * share)
        {
            Value = Value * share,
            BaselineValue = BaselineValue * share,
        };
        return latest with { Labels = Labels.AtMost(events) };
    }
}

/// <summary>Sums over the latest labels: how well the probabilities that stood before each did.</summary>
/// <param name="Count">Labels that were scored.</param>
/// <param name="Hits">Of them, those whose kind was the likeliest.</param>
/// <param name="Log">Summed log probability of the kinds that came.</param>
public readonly record struct LabelTotals(long Count, double Hits, double Log)
{
    /// <summary>The sums over both.</summary>
    public static LabelTotals operator +(LabelTotals x, LabelTotals y) => new(x.Count + y.Count, x.Hits + y.Hits, x.Log + y.Log);

    internal LabelTotals AtMost(long labels) =>
        Count <= labels ? this : new(labels, Hits * labels / Count, Log * labels / Count);
}
