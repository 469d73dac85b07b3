using System.Globalization;
using System.Net;
using Foretell.Engine.Alerts;
using Foretell.Grains.Placement;
using Foretell.Hosting;
using Foretell.Silo.Membership;
using Foretell.Stores.Postgres;
using Foretell.Web.Http;
using Microsoft.Extensions.Configuration;

namespace Foretell.Silo.Settings;

/// <summary>What a silo is told by appsettings.json (section "Foretell"), environment (FORETELL__NAME) and command line
/// (--Foretell:Name value).</summary>
internal sealed record SiloSettings
{
    /// <summary>Roles of this silo.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Addresses that HTTP listens on, separated by ";". Silos without the gateway role serve their health there.</summary>
    public required string Urls { get; init; }

    /// <summary>Addresses where metrics are served to Prometheus, separated by ";"; null for none.</summary>
    public string? MetricsUrls { get; init; }

    /// <summary>Orleans' dashboard; null for none.</summary>
    public DashboardSettings? Dashboard { get; init; }

    /// <summary>Path of the model file.</summary>
    public required string Model { get; init; }

    /// <summary>Database of membership, log and store.</summary>
    public required PostgresOptions Postgres { get; init; }

    /// <summary>Partitions of a new log; null takes those of the log that is there.</summary>
    public int? Partitions { get; init; }

    /// <summary>Name of the cluster: silos with the same name and database find each other.</summary>
    public required string Cluster { get; init; }

    /// <summary>Address at which the other silos reach this one.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Port for the other silos.</summary>
    public required int Port { get; init; }

    /// <summary>Threads that advance shards; null for one a processor, or two where an accelerator steps, since one waits for it while
    /// the other scores.</summary>
    public int? Threads { get; init; }

    /// <summary>What steps the rows (<see cref="DeviceName"/>).</summary>
    public required string Device { get; init; }

    /// <summary>Waves of fewer events go to the CPU; null for what is measured at the start.</summary>
    public int? DeviceLeastWave { get; init; }

    /// <summary>Longest time between two commits of a shard that advances.</summary>
    public required TimeSpan CommitInterval { get; init; }

    /// <summary>How long a shard answers on the strength of one confirmation of its ownership.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>Survival probability below which a stream is overdue; 0 for no alerts.</summary>
    public required double AlertSurvival { get; init; }

    /// <summary>How long a start waits for the database and its tables.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>How long a graceful stop may take.</summary>
    public required TimeSpan ShutdownTimeout { get; init; }

    /// <summary>How late an event may be; null keeps what the log says.</summary>
    public TimeSpan? LateTolerance { get; init; }

    /// <summary>How far ahead of its append an event may be; null keeps what the log says.</summary>
    public TimeSpan? FutureTolerance { get; init; }

    /// <summary>How long the log keeps events; null for ever.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Whether the streams of a partition share what they show together; the same on every silo.</summary>
    public bool Shared { get; init; }

    /// <summary>Streams of the cluster, at most; 0 for any number, null with null behind it keeps what the log says.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>New streams of the cluster in a minute, at most, likewise.</summary>
    public int? MaxNewStreams { get; init; }

    /// <summary>Certificate for connections between silos (<see cref="SiloCertificate"/>); null leaves them plain.</summary>
    public string? Certificate { get; init; }

    /// <summary>Its password.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Who may use the API, where this silo is a gateway.</summary>
    public required GatewaySettings Gateway { get; init; }

    /// <summary>Hubs of Azure Event Hubs to read, by name; the same on every silo.</summary>
    public required IReadOnlyList<EventHubSettings> EventHubs { get; init; }

    /// <summary>Topics of Kafka to read, by name; the same on every silo.</summary>
    public required IReadOnlyList<KafkaSettings> Kafka { get; init; }

    /// <summary>Hubs of Azure Event Hubs to publish to, by name; the same on every silo.</summary>
    public required IReadOnlyList<PublishSettings> Publish { get; init; }

    /// <summary>Stop when standard input ends, for a silo that must not outlive whoever started it.</summary>
    public bool StopWithInput { get; init; }

    /// <summary>True when the silo has a role.</summary>
    public bool Has(string role) => Roles.Contains(role);

    /// <summary>Reads and checks every setting.</summary>
    /// <param name="configuration">Settings.</param>
    /// <param name="environment">Variables of the environment; null for the process's.</param>
    /// <exception cref="SettingsException">A setting is unknown, missing or out of range.</exception>
    public static SiloSettings Read(IConfiguration configuration, Func<string, string?>? environment = null)
    {
        var section = new SettingsSection(configuration.GetSection("Foretell"));
        var settings = new SiloSettings
        {
            Roles = section.Names("Roles", SiloRoles.All),
            Urls = section.Text("Urls", "http://127.0.0.1:5057"),
            MetricsUrls = section.OptionalText("MetricsUrls"),
            Dashboard = DashboardSettings.Read(section),
            Model = section.Text("Model", null),
            Postgres = PostgresSettings.Read(section),
            Partitions = section.OptionalNumber("Partitions", 1, short.MaxValue),
            Cluster = section.Text("Cluster", "foretell"),
            Address = ReadAddress(section, environment ?? Environment.GetEnvironmentVariable),
            Port = section.Number("Port", 11111, 0, ushort.MaxValue),
            Threads = section.OptionalNumber("Threads", 1, 1024),
            Device = ReadDevice(section),
            DeviceLeastWave = section.OptionalNumber("DeviceLeastWave", 1, int.MaxValue),
            CommitInterval = section.Seconds("CommitSeconds", 1, 0.01, 3600)!.Value,
            Lease = section.Seconds("LeaseSeconds", 3, 0.5, 60)!.Value,
            AlertSurvival = ReadAlertSurvival(section),
            StartTimeout = ReadStartTimeout(section),
            ShutdownTimeout = section.Seconds("ShutdownSeconds", 25, 1, 3600)!.Value,
            LateTolerance = section.Seconds("LateSeconds", null, 0, 1e9),
            FutureTolerance = section.Seconds("FutureSeconds", null, 0, 1e9),
            Retain = section.Seconds("RetainSeconds", null, PartitionHostOptions.LeastRetain.TotalSeconds, 1e9),
            Shared = section.Flag("Shared"),
            MaxStreams = section.OptionalNumber("MaxStreams", 0, int.MaxValue),
            MaxNewStreams = section.OptionalNumber("MaxNewStreams", 0, int.MaxValue),
            Certificate = section.OptionalText("Certificate"),
            CertificatePassword = section.OptionalText("CertificatePassword"),
            StopWithInput = section.Flag("StopWithInput"),
            Gateway = GatewaySettings.Read(section),
            EventHubs = [.. section.Named("EventHubs").Select(hub => EventHubSettings.Read(hub.Name, hub.Settings))],
            Kafka = [.. section.Named("Kafka").Select(topic => KafkaSettings.Read(topic.Name, topic.Settings))],
            Publish = [.. section.Named("Publish").Select(hub => PublishSettings.Read(hub.Name, hub.Settings))],
        };
        section.RefuseUnknown();
        if (settings.Kafka.FirstOrDefault(topic => settings.EventHubs.Any(hub => hub.Name == topic.Name)) is { } twice)
        {
            throw new SettingsException($"Foretell:Kafka:{twice.Name} has the name of a hub in Foretell:EventHubs. Give each source a name of its own.");
        }
        if (settings.Publish.FirstOrDefault(to => settings.EventHubs.Any(hub => hub.Address.IsOfSameHub(to.Address))) is { } loop)
        {
            throw new SettingsException($"Foretell:Publish:{loop.Name} names a hub that Foretell:EventHubs reads: alerts would come back as events of their streams. Publish to another hub.");
        }
        CheckUrls("Urls", settings.Urls, "http://127.0.0.1:5057");
        settings.Gateway.Check(settings, settings.Has(SiloRoles.Gateway));
        if (settings.MetricsUrls is { } metrics)
        {
            CheckUrls("MetricsUrls", metrics, "http://0.0.0.0:9464");
            RefuseOverlap("MetricsUrls", metrics, "Urls", settings.Urls);
        }
        if (settings.Dashboard is { } dashboard)
        {
            RefuseOverlap("DashboardUrls", dashboard.Urls, "Urls", settings.Urls);
            RefuseOverlap("DashboardUrls", dashboard.Urls, "MetricsUrls", settings.MetricsUrls ?? "http://127.0.0.1:0");
        }
        return settings;
    }

    /// <summary>Reads only what a migration needs.</summary>
    /// <exception cref="SettingsException">The connection string is missing.</exception>
    public static PostgresOptions ReadPostgres(IConfiguration configuration) =>
        PostgresSettings.Read(new SettingsSection(configuration.GetSection("Foretell")));

    /// <inheritdoc cref="StartTimeout"/>
    /// <exception cref="SettingsException">It is out of range.</exception>
    public static TimeSpan ReadStartTimeout(IConfiguration configuration) =>
        ReadStartTimeout(new SettingsSection(configuration.GetSection("Foretell")));

    private static TimeSpan ReadStartTimeout(SettingsSection section) => section.Seconds("StartSeconds", 300, 0, 86_400)!.Value;

    /// <summary>Checks addresses that HTTP listens on.</summary>
    /// <exception cref="SettingsException">One is none.</exception>
    public static void CheckUrls(string name, string urls, string example)
    {
        foreach (string url in urls.Split(';'))
        {
            if (!Uri.TryCreate(url.Replace("://*", "://any").Replace("://+", "://any"), UriKind.Absolute, out Uri? uri)
                || uri.Scheme is not ("http" or "https"))
            {
                throw new SettingsException($"Foretell:{name} is '{urls}'. Give http addresses such as {example}, separated by ';'.");
            }
        }
    }

    private static void RefuseOverlap(string name, string urls, string other, string otherUrls)
    {
        if (ListenCheck.Overlap(urls, otherUrls))
        {
            throw new SettingsException($"Foretell:{name} is '{urls}', and Foretell:{other} is '{otherUrls}' already. Give each a port of its own.");
        }
    }

    private static double ReadAlertSurvival(SettingsSection section) =>
        section.OptionalText("AlertSurvival") is not { } text ? new AlertRule().Survival
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && AlertRule.Allows(value) ? value
        : throw new SettingsException(string.Create(CultureInfo.InvariantCulture,
            $"Foretell:AlertSurvival is '{text}'. Give 0 for no alerts, or a probability from {AlertRule.MinSurvival} to {AlertRule.MaxSurvival}."));

    /// <summary>The address that is set, whatever it is; else a pod's own, by the variable that a manifest fills (fieldRef:
    /// status.podIP); else this machine's, which in a pod no other silo could reach.</summary>
    private static IPAddress ReadAddress(SettingsSection section, Func<string, string?> environment)
    {
        string? pod = environment("POD_IP");
        return section.OptionalText("Address") is not null ? section.Address("Address", IPAddress.Loopback)
            : !string.IsNullOrEmpty(pod) ? IPAddress.TryParse(pod, out IPAddress? found) ? found
                : throw new SettingsException($"The environment variable POD_IP is '{pod}', which is no IP address. Fill it from the pod's fieldRef status.podIP.")
            : string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")) ? IPAddress.Loopback
            : throw new SettingsException("Foretell:Address is not set, and 127.0.0.1 is what no other pod can reach. Set the environment variable POD_IP from the pod's fieldRef status.podIP, or FORETELL__ADDRESS.");
    }

    private static string ReadDevice(SettingsSection section) => section.Text("Device", "auto") is var device && DeviceName.IsKnown(device)
        ? device
        : throw new SettingsException($"Foretell:Device is '{device}'. Give {DeviceName.All}.");
}
