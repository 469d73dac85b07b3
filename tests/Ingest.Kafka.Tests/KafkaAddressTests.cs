using Foretell.Support;

namespace Foretell.Ingest.Kafka.Tests;

public sealed class KafkaAddressTests : IDisposable
{
    private const string Secret = "hunter2-hunter2";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("kafka-1/orders", "kafka-1", "orders")]
    [InlineData("kafka-1:9092,10.0.0.7:9093,[::1]:9094/my.Topic_2-x", "kafka-1:9092,10.0.0.7:9093,[::1]:9094", "my.Topic_2-x")]
    [InlineData(" SASL_SSL://kafka-1:9092/orders ", null, null)]
    public void Parse_OfBrokersAndTopic_TakesThemApart(string text, string? brokers, string? topic)
    {
        if (brokers is null)
        {
            Assert.Throws<FormatException>(() => KafkaAddress.Parse(text));
            return;
        }
        var address = KafkaAddress.Parse(text);

        Assert.Equal((brokers, topic), (address.Brokers, address.Topic));
        Assert.Equal($"topic '{topic}' at {brokers}", address.ToString());
    }

    [Fact]
    public void Parse_OfAFile_TakesEverySettingAndPrintsNoSecret()
    {
        var address = KafkaAddress.Parse(File($"""
            # Written by hand.
            bootstrap.servers = kafka-1:9092
            topic=orders

            security.protocol=SASL_PLAINTEXT
            sasl.mechanism=PLAIN
            sasl.username=me
            sasl.password={Secret}=
            """));

        Assert.Equal(("kafka-1:9092", "orders"), (address.Brokers, address.Topic));
        Assert.Equal($"{Secret}=", address.Settings["sasl.password"]);
        Assert.DoesNotContain("topic", address.Settings.Keys);
        Assert.DoesNotContain(Secret, address.ToString());
        Assert.Equal("*** is wrong", address.Redacted($"{Secret}= is wrong"));
    }

    [Theory]
    [InlineData("no topic of Kafka", "kafka-1:9092")]
    [InlineData("no topic of Kafka", "/orders")]
    [InlineData("no topic's name", "kafka-1/a/b")]
    [InlineData("no topic's name", "kafka-1/a b")]
    [InlineData("no broker", "kafka-1:0/orders")]
    [InlineData("no broker", "kafka-1,,kafka-2/orders")]
    [InlineData("no broker", "user:hunter2-hunter2@kafka-1/orders")]
    [InlineData("cannot be read", "@no-such-file")]
    public void Parse_OfWhatIsNoAddress_SaysWhatIsExpected(string expected, string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => KafkaAddress.Parse(text));

        Assert.Contains(expected, e.Message);
        Assert.DoesNotContain(Secret, e.Message);
    }

    [Theory]
    [InlineData("No broker", "topic=orders")]
    [InlineData("No topic", "bootstrap.servers=kafka-1")]
    [InlineData("Line 2", "topic=orders\nhunter2-hunter2")]
    [InlineData("Line 2", "topic=orders\ntopic=hunter2-hunter2")]
    [InlineData("enable.auto.commit cannot be set", "topic=orders\nbootstrap.servers=kafka-1\nenable.auto.commit=true")]
    [InlineData("\"sasl.pasword\"", "topic=orders\nbootstrap.servers=kafka-1\nsasl.pasword=hunter2-hunter2")]
    [InlineData("ssl.key.location", "topic=orders\nbootstrap.servers=kafka-1\nsecurity.protocol=SSL\nssl.key.location=/none\nssl.key.password=hunter2-hunter2")]
    [InlineData("GSSAPIX", "topic=orders\nbootstrap.servers=kafka-1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=GSSAPIX\nsasl.password=hunter2-hunter2")]
    public void Parse_OfAFileThatCannotWork_SaysWhichSettingAndNoSecret(string expected, string file)
    {
        FormatException e = Assert.Throws<FormatException>(() => KafkaAddress.Parse(File(file)));

        Assert.Contains(expected, e.Message);
        Assert.DoesNotContain(Secret, e.ToString());
    }

    [Fact]
    public void Read_WhenPartsAndFileDisagree_SaysSo()
    {
        string file = File("topic=orders")[1..];

        Assert.Equal("orders", KafkaAddress.Read("kafka-1", null, file).Topic);
        Assert.Equal("orders", KafkaAddress.Read("kafka-1", "orders", file).Topic);
        Assert.Contains("leave one of the two out", Assert.Throws<FormatException>(() => KafkaAddress.Read("kafka-1", "views", file)).Message);
    }

    private string File(string content)
    {
        string path = _folder.At("kafka.properties");
        System.IO.File.WriteAllText(path, content);
        return "@" + path;
    }
}
