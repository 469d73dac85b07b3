using Foretell.Cli.Running;

namespace Foretell.Cli.Views;

/// <summary>Where a running host shows itself.</summary>
internal interface IRunView
{
    /// <summary>How often a new snapshot is worth taking.</summary>
    TimeSpan Interval { get; }

    /// <summary>Most overdue streams that the view has room for.</summary>
    int OverdueRows { get; }

    /// <summary>Shows snapshots as they come until the source ends.</summary>
    Task ShowAsync(IAsyncEnumerable<RunSnapshot> snapshots);
}
