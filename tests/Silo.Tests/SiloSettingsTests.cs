using System.Globalization;
using Foretell.Hosting;
using Foretell.Ingest.Sources;
using Foretell.Silo.Settings;
using Foretell.Support;
using Microsoft.Extensions.Configuration;

namespace Foretell.Silo.Tests;

public class SiloSettingsTests
{
    [Fact]
    public void Read_WhenOnlyWhatMustBeThereIs_TakesTheDefaults()
    {
        SiloSettings settings = Read();

        Assert.Equal(["gateway", "ingest", "worker"], settings.Roles);
        Assert.Equal("foretell", settings.Postgres.Schema);
        Assert.Null(settings.Threads);
        Assert.Equal(("auto", null), (settings.Device, settings.DeviceLeastWave));
        Assert.Null(settings.Partitions);
        Assert.Null(settings.MetricsUrls);
    }

    [Fact]
    public void Read_WhenNamesDifferInCase_FindsThemAsTheEnvironmentGivesThem()
    {
        SiloSettings settings = Read(("ROLES", "worker, ingest"), ("PARTITIONS", "16"), ("LEASESECONDS", "2.5"), ("ALERTSURVIVAL", "0"));

        Assert.Equal(["worker", "ingest"], settings.Roles);
        Assert.Equal(16, settings.Partitions);
        Assert.Equal(TimeSpan.FromSeconds(2.5), settings.Lease);
        Assert.Equal(0, settings.AlertSurvival);
    }

    [Theory]
    [InlineData("Roles", "worker,boss",
        "Foretell:Roles is 'worker,boss'. Give one or more of gateway, ingest, worker, separated by commas.")]
    [InlineData("Roles", ",", "Foretell:Roles is ','. Give one or more of gateway, ingest, worker, separated by commas.")]
    [InlineData("Partitions", "0", "Foretell:Partitions is '0'. Give a whole number from 1 to 32767.")]
    [InlineData("StopWithInput", "yes", "Foretell:StopWithInput is 'yes'. Give true or false.")]
    [InlineData("Port", "x", "Foretell:Port is 'x'. Give a whole number from 0 to 65535.")]
    [InlineData("Device", "gpu", "Foretell:Device is 'gpu'. Give auto, cpu, cuda, cuda:N (the N-th GPU, from 0), or emulated (the GPU's kernel on the CPU, thousands of times slower: for tests); or, with Torch's arithmetic in place of the CPU's, torch-cpu or torch-cuda.")]
    [InlineData("DeviceLeastWave", "0", "Foretell:DeviceLeastWave is '0'. Give a whole number from 1 to 2147483647.")]
    [InlineData("LeaseSeconds", "NaN", "Foretell:LeaseSeconds is 'NaN'. Give a number of seconds from 0.5 to 60.")]
    [InlineData("AlertSurvival", "0.9", "Foretell:AlertSurvival is '0.9'. Give 0 for no alerts, or a probability from 1E-09 to 0.5.")]
    [InlineData("Address", "0.0.0.0",
        "Foretell:Address is '0.0.0.0'. Give the IP address at which the other silos reach this one, such as 10.0.0.7.")]
    [InlineData("Urls", "here", "Foretell:Urls is 'here'. Give http addresses such as http://127.0.0.1:5057, separated by ';'.")]
    [InlineData("MetricsUrls", "9464",
        "Foretell:MetricsUrls is '9464'. Give http addresses such as http://0.0.0.0:9464, separated by ';'.")]
    [InlineData("MetricsUrls", "http://*:5057",
        "Foretell:MetricsUrls is 'http://*:5057', and Foretell:Urls is 'http://127.0.0.1:5057' already. Give each a port of its own.")]
    [InlineData("Model", "", "Foretell:Model is missing. Set it in appsettings.json or as the environment variable FORETELL__MODEL.")]
    public void Read_WhenASettingIsWrong_SaysWhatIsAllowed(string name, string value, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<SettingsException>(() => Read((name, value))).Message);

    [Theory]
    [InlineData("Foretell:Urls has http://*:5057, which others than this machine can reach, and anyone could read and write everything there.", "Urls", "http://*:5057")]
    [InlineData("Foretell:Urls has http://*:5057, which others than this machine can reach, and keys and events would travel there in the clear.",
        "Urls", "http://*:5057", "Keys", "keys.json")]
    [InlineData("Foretell:Urls has https://*:5057, and there is no certificate.", "Urls", "https://*:5057", "Keys", "keys.json")]
    [InlineData("Foretell:HttpsCertificate is given, and Foretell:Urls is 'http://127.0.0.1:5057': nothing there is https.", "HttpsCertificate", "c.pem")]
    [InlineData("Foretell:HttpsKey and Foretell:HttpsPasswordFile go with Foretell:HttpsCertificate.", "HttpsKey", "k.pem")]
    [InlineData("Foretell:Address is '10.0.0.7', and without Foretell:Certificate whoever reaches port 11111 there could join the cluster", "Address", "10.0.0.7")]
    [InlineData("Foretell:JwtAudience is missing.", "JwtAuthority", "https://id.example.com")]
    [InlineData("Foretell:JwtAuthority, JwtKeys, JwtIssuer: the provider's address must be https", "JwtAuthority", "http://id.example.com", "JwtAudience", "foretell")]
    [InlineData("Foretell:JwtAuthority, JwtKeys, JwtIssuer: tokens whose keys are in a file need the name of their issuer", "JwtKeys", "k.json", "JwtAudience", "foretell")]
    [InlineData("Foretell:JwtAudience, JwtIssuer and JwtTenantClaim go with", "JwtTenantClaim", "org")]
    [InlineData("Foretell:EventsPerSecond is '0'.", "EventsPerSecond", "0")]
    public void Read_WhenASiloWouldBeOpen_SaysWhatToSet(string sentence, params string[] settings) => Assert.StartsWith(sentence,
        Assert.Throws<SettingsException>(() => Read([.. settings.Chunk(2).Select(s => (s[0], s[1]))])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Urls", "http://*:5057", "Insecure", "true")]
    [InlineData("Urls", "http://*:5057", "Keys", "keys.json", "BehindTlsProxy", "true")]
    [InlineData("Urls", "https://*:5057", "Keys", "keys.json", "HttpsCertificate", "c.pem")]
    [InlineData("Urls", "http://*:5057", "Roles", "worker")]
    [InlineData("Address", "10.0.0.7", "Certificate", "silo.p12")]
    public void Read_WhenASiloIsGuardedOrSaidToBeOpen_TakesIt(params string[] settings) =>
        Assert.NotNull(Read([.. settings.Chunk(2).Select(s => (s[0], s[1]))]));

    [Fact]
    public void Read_WhenItRunsInAPod_TakesThePodsAddressOrSaysWhatToSet()
    {
        Assert.Equal("10.1.2.3", ReadIn([("POD_IP", "10.1.2.3"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")], ("Insecure", "true")).Address.ToString());
        Assert.Equal("10.9.9.9", ReadIn([("POD_IP", "10.1.2.3")], ("Address", "10.9.9.9"), ("Insecure", "true")).Address.ToString());
        Assert.Equal("127.0.0.1", ReadIn([]).Address.ToString());
        // What is set is meant: silos that are all in one pod.
        Assert.Equal("127.0.0.1",
            ReadIn([("POD_IP", "10.1.2.3"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")], ("Address", "127.0.0.1")).Address.ToString());
        Assert.Contains("Set the environment variable POD_IP from the pod's fieldRef status.podIP",
            Assert.Throws<SettingsException>(() => ReadIn([("KUBERNETES_SERVICE_HOST", "10.0.0.1")])).Message, StringComparison.Ordinal);
        Assert.StartsWith("The environment variable POD_IP is 'here', which is no IP address",
            Assert.Throws<SettingsException>(() => ReadIn([("POD_IP", "here")])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenAHubIsToBeRead_FindsItByItsName()
    {
        EventHubSettings hub = Assert.Single(Read(("EventHubs:orders:Connection", "ns/orders"), ("EventHubs:orders:From", "end"),
            ("EventHubs:orders:OnLoss", "skip"), ("EventHubs:orders:Map", "stream=/a"), ("EVENTHUBS:ORDERS:CONSUMERGROUP", "g")).EventHubs);

        Assert.Equal(("orders", "ns.servicebus.windows.net", "orders"), (hub.Name, hub.Address.Namespace, hub.Address.Hub));
        Assert.Equal((SourceStart.End, LossPolicy.Skip, "g"), (hub.Reading.Start, hub.Reading.OnLoss, hub.Options.ConsumerGroup));
        Assert.NotNull(hub.Mapping);
    }

    [Fact]
    public void Read_WhenAHubThatIsReadIsToBePublishedTo_RefusesIt()
    {
        SettingsException e = Assert.Throws<SettingsException>(() => Read(("EventHubs:orders:Connection", "ns/orders"),
            ("Publish:ops:Connection", "NS/Orders")));

        Assert.Contains("Foretell:Publish:ops names a hub that Foretell:EventHubs reads", e.Message);
    }

    [Fact]
    public void Read_WhenAHubIsToBePublishedTo_FindsItByItsName()
    {
        PublishSettings hub = Assert.Single(Read(("Publish:ops:Connection", "ns/alerts"), ("Publish:ops:Streams:0", "a,b"),
            ("PUBLISH:OPS:STREAMS:1", "c"), ("Publish:ops:Streams:2", "")).Publish);

        Assert.Equal(("ops", "ns.servicebus.windows.net", "alerts"), (hub.Name, hub.Address.Namespace, hub.Address.Hub));
        Assert.Equal(["a,b", "c"], hub.Streams);
        Assert.Equal(["alerts", "forecasts of a,b", "forecasts of c"], hub.ToSink().Feeds.Keys.Order());
    }

    [Theory]
    [InlineData("Publish:ops:Hub", "h", "Foretell:Publish:ops:Connection is missing.")]
    [InlineData("Publish:ops:Connection", "nothing", "Foretell:Publish:ops:Connection: 'nothing' is no hub")]
    [InlineData("EventHubs:orders:Hub", "h", "Foretell:EventHubs:orders:Connection is missing.")]
    [InlineData("EventHubs:orders:Connection", "nothing", "Foretell:EventHubs:orders:Connection: 'nothing' is no hub")]
    [InlineData("EventHubs:orders:Conection", "ns/h", "Foretell:EventHubs:orders:Connection is missing.")]
    public void Read_WhenAHubIsToldWrongly_SaysWhatIsAllowed(string name, string value, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<SettingsException>(() => Read((name, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenATopicIsToBeRead_FindsItByItsName()
    {
        KafkaSettings topic = Assert.Single(Read(("Kafka:orders:Brokers", "kafka-1:9092"), ("Kafka:orders:Topic", "orders-v2"),
            ("Kafka:orders:From", "end"), ("Kafka:orders:OnLoss", "skip"), ("Kafka:orders:Map", "stream=/a")).Kafka);

        Assert.Equal(("orders", "kafka-1:9092", "orders-v2"), (topic.Name, topic.Address.Brokers, topic.Address.Topic));
        Assert.Equal((SourceStart.End, LossPolicy.Skip), (topic.Reading.Start, topic.Reading.OnLoss));
        Assert.NotNull(topic.Mapping);
    }

    [Theory]
    [InlineData("Foretell:Kafka:orders:Brokers is missing.", "Kafka:orders:Topic", "t")]
    [InlineData("Foretell:Kafka:orders:Topic is missing.", "Kafka:orders:Brokers", "b")]
    [InlineData("Foretell:Kafka:orders:Brokers: 'b:x' is no broker", "Kafka:orders:Brokers", "b:x", "Kafka:orders:Topic", "t")]
    [InlineData("Foretell:Kafka:orders:Settings: The file 'none'", "Kafka:orders:Settings", "none")]
    [InlineData("Foretell:Kafka:orders:Group is not a setting.", "Kafka:orders:Brokers", "b", "Kafka:orders:Topic", "t", "Kafka:orders:Group", "g")]
    [InlineData("Foretell:Kafka:orders has the name of a hub", "Kafka:orders:Brokers", "b", "Kafka:orders:Topic", "t",
        "EventHubs:orders:Connection", "ns/h")]
    public void Read_WhenATopicIsToldWrongly_SaysWhatIsAllowed(string sentence, params string[] settings) => Assert.StartsWith(sentence,
        Assert.Throws<SettingsException>(() => Read([.. settings.Chunk(2).Select(s => (s[0], s[1]))])).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_WhenANameIsMisspelt_NamesThoseThatThereAre()
    {
        string message = Assert.Throws<SettingsException>(() => Read(("Role", "worker"))).Message;

        Assert.StartsWith("Foretell:Role is not a setting. There are: Address, AlertSurvival, BehindTlsProxy, Certificate, ", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Documentation_WhenRead_NamesEverySettingAndNoOther()
    {
        string message = Assert.Throws<SettingsException>(() => Read(("Role", "worker"))).Message;
        string[] settings =
            [.. message[(message.IndexOf("There are: ", StringComparison.Ordinal) + "There are: ".Length)..].TrimEnd('.').Split(", ")];
        string table = File.ReadAllText(Repository.At("docs/cluster.md")).Split("### Settings")[1].Split("### ")[0];

        string[] documented = [.. table.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('`')[1])];

        Assert.Equal(settings.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Threads", 1, 1024)]
    [InlineData("Partitions", 1, 32767)]
    [InlineData("Port", 0, 65535)]
    [InlineData("CommitSeconds", 0.01, 3600)]
    [InlineData("LeaseSeconds", 0.5, 60)]
    [InlineData("AlertSurvival", 1e-9, 0.5)]
    [InlineData("LateSeconds", 0, 1e9)]
    [InlineData("FutureSeconds", 0, 1e9)]
    [InlineData("RetainSeconds", 3600, 1e9)]
    [InlineData("ShutdownSeconds", 1, 3600)]
    public void Documentation_WhenANumberIsAllowed_GivesTheLimitsThatHold(string name, double least, double greatest)
    {
        string row = File.ReadAllLines(Repository.At("docs/cluster.md"))
            .Single(l => l.StartsWith($"| `{name}` |", StringComparison.Ordinal));

        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{least} to {greatest}"), row, StringComparison.Ordinal);
        foreach (double limit in new[] { least, greatest })
        {
            Read((name, limit.ToString(CultureInfo.InvariantCulture)));
        }
        Assert.Throws<SettingsException>(() => Read((name, (greatest * 1.1 + 1).ToString("F0", CultureInfo.InvariantCulture))));
        Assert.Throws<SettingsException>(() => Read((name, (-1).ToString(CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Documentation_WhenItGivesADefault_GivesTheOneThatHolds()
    {
        SiloSettings settings = Read();
        var defaults = new Dictionary<string, object>
        {
            ["Schema"] = settings.Postgres.Schema,
            ["Cluster"] = settings.Cluster,
            ["Roles"] = string.Join(',', settings.Roles),
            ["Urls"] = settings.Urls,
            ["Address"] = settings.Address,
            ["Port"] = settings.Port,
            ["CommitSeconds"] = settings.CommitInterval.TotalSeconds,
            ["LeaseSeconds"] = settings.Lease.TotalSeconds,
            ["AlertSurvival"] = settings.AlertSurvival,
            ["ShutdownSeconds"] = settings.ShutdownTimeout.TotalSeconds,
            ["StopWithInput"] = settings.StopWithInput ? "true" : "false",
        };
        string[] lines = File.ReadAllLines(Repository.At("docs/cluster.md"));

        Assert.All(defaults, pair => Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{pair.Value}"),
            lines.Single(l => l.StartsWith($"| `{pair.Key}` |", StringComparison.Ordinal)).Split('|')[2].Trim().Trim('`')));
    }

    private static SiloSettings Read(params (string Name, string Value)[] settings) => ReadIn([], settings);

    private static SiloSettings ReadIn((string Name, string Value)[] environment, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Foretell:Postgres"] = "Host=127.0.0.1",
            ["Foretell:Model"] = "model.safetensors",
        };
        foreach ((string name, string value) in settings)
        {
            all[$"Foretell:{name}"] = value;
        }
        return SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(all).Build(),
            name => environment.FirstOrDefault(variable => variable.Name == name).Value);
    }
}
