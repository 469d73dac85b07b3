using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Streams;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how well the forecasts of a stream have done.</summary>
internal static class ScoresView
{
    /// <summary>Writes nothing for a stream without scores.</summary>
    public static void Write(LiveAnswer? live)
    {
        if (live is null)
        {
            return;
        }
        string drift = live.Drift.EventsSinceLast is { } since
            ? $"{live.Drift.Alarms} found, the last {since.ToString("N0", CultureInfo.InvariantCulture)} events ago"
            : "none found";
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("what").AddColumn("value")
            .AddRow("score", $"{Nats(live.Nll)} nats an event, without history {Nats(live.BaselineNll)}")
            .AddRow("last event", $"p = {live.LastEventPValue.ToString("0.###", CultureInfo.InvariantCulture)}")
            .AddRow("drift", drift);
        Terminal.Out.WriteLine();
        Terminal.Out.Write(table);
    }

    private static string Nats(double nll) => nll.ToString("0.000", CultureInfo.InvariantCulture);
}
