namespace Foretell.Engine.Alerts;

/// <summary>How long an alert log keeps an alert: for <see cref="MaxAge"/>, the latest <see cref="Latest"/> however old, and what a sink
/// has not published for <see cref="MaxWait"/>.</summary>
public static class AlertRetention
{
    /// <summary>Alerts that are kept whatever their age.</summary>
    public const int Latest = 1024;

    /// <summary>How the names of sinks begin in the table of sources, where their positions are.</summary>
    public const string SinkPrefix = "sink:";

    /// <summary>Partition of a sink that publishes the alerts.</summary>
    public const string SinkPartition = "alerts";

    /// <summary>Age up to which every alert is kept; no owner raises an older one again, so that none is told twice.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    /// <summary>Age up to which an alert is kept that some sink has not published: what a sink costs that is not used any more.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromDays(7);
}
