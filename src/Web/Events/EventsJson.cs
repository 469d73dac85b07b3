using System.Text.Json;
using System.Text.Json.Serialization;

namespace Foretell.Web.Events;

/// <summary>Generated JSON code of what is kept with an idempotency key.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IReadOnlyList<RejectedEvent>))]
[JsonSerializable(typeof(RejectedEvents))]
internal sealed partial class EventsJson : JsonSerializerContext;
