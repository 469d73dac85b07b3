using System.Text;
using Foretell.Fuzz.Running;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.EventHubs;
using Foretell.Ingest.Kafka;
using Foretell.Ingest.Messages;

namespace Foretell.Fuzz.Targets;

/// <summary>Settings as people and programs write them.</summary>
internal static class SettingTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        Text("columns", text => EventColumns.Parse(EventColumns.Parse(text).ToString()), ["stream=", "time=", ",mark=", ",id=", ",label=", ",values=", ",a"], "stream=user,time=at,mark=kind", "values=a,b,label=c"),
        Text("mapping", text => MessageMapping.Parse(MessageMapping.Parse(text).ToString()),
            ["stream=", "time:ms=", "mark=", "id=", "/a~1b/~0", "@partitionKey", "@enqueuedTime", "@property.", "@property.kind"],
            "stream=/device/id,time:ms=/ts,mark=/type,id=@property.message-id", "stream=@partitionKey",
            "stream=/a,values.amount=/b,values.temp=@property.t,label=/c"),
        Text("hub-address", text => Address(text, t => EventHubAddress.Parse(t)),
            ["Endpoint=sb://", "SharedAccessKeyName=", "SharedAccessKey=", "EntityPath=", ".servicebus.windows.net", "/hub", ";", ":5671", "UseDevelopmentEmulator=true"],
            "Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0;EntityPath=hub", "n.servicebus.windows.net/hub"),
        Text("checkpoints", text => Address(text, t => CheckpointContainer.Parse(t)),
            ["https://", ".blob.core.windows.net/", "DefaultEndpointsProtocol=https;AccountName=", "AccountKey=", "BlobEndpoint=", "?sv="],
            "https://a.blob.core.windows.net/c"),
        Text("kafka-address", text => Address(text, t => KafkaAddress.Parse(t)), [":9092", ",", "/topic", "[::1]:", "localhost"], "a:9092,b:9092/topic"),
    ];

    private static FuzzTarget Text(string name, Action<string> read, string[] words, params string[] seeds) =>
        new(name, input => read(Encoding.UTF8.GetString(input)), typeof(FormatException))
        {
            Seeds = [.. seeds.Select(Encoding.UTF8.GetBytes)], Words = words, MostBytes = 1024, FreeBytes = 1 << 20,
        };

    /// <summary>A text that names a file would read whatever file that is.</summary>
    private static void Address(string text, Action<string> parse)
    {
        if (!text.TrimStart().StartsWith('@'))
        {
            parse(text);
        }
    }
}
