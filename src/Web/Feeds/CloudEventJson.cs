using System.Text.Json;
using System.Text.Json.Serialization;

namespace Foretell.Web.Feeds;

/// <summary>Generated JSON code of CloudEvents; their data are written as the API writes them.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CloudEvent))]
internal sealed partial class CloudEventJson : JsonSerializerContext;
