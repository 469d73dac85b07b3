using Foretell.Engine.Alerts;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Sinks;
using Foretell.Web.Feeds;

namespace Foretell.Silo.Settings;

/// <summary>A hub to publish to, of section "Publish".</summary>
/// <param name="Name">Name that the operator gave it; the log knows it by this name.</param>
/// <param name="Address">Which, and by what right.</param>
/// <param name="Streams">Streams whose forecasts are published beside the alerts.</param>
internal sealed record PublishSettings(string Name, EventHubAddress Address, IReadOnlyList<string> Streams)
{
    /// <summary>Reads and checks one hub's settings.</summary>
    /// <exception cref="SettingsException">A setting is unknown, missing or wrong.</exception>
    public static PublishSettings Read(string name, SettingsSection section)
    {
        var settings = new PublishSettings(name, section.Checked("Connection", () =>
            EventHubAddress.Parse(section.Text("Connection", null), section.OptionalText("Hub"))), section.Texts("Streams"));
        section.RefuseUnknown();
        return settings;
    }

    /// <summary>The hub as the grains publish to it.</summary>
    public SinkSetup ToSink()
    {
        var feeds = new Dictionary<string, Func<IPlatform, ISinkFeed>>
        {
            [AlertRetention.SinkPartition] = platform => new AlertSinkFeed(platform),
        };
        foreach (string stream in Streams)
        {
            feeds[ForecastSinkFeed.NameOf(stream)] = platform => new ForecastSinkFeed(platform, stream);
        }
        return new SinkSetup(() => new EventHubSink(Name, Address), feeds, new SinkOptions());
    }
}
