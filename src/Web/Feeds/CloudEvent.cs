using System.Text.Json;
using System.Text.Json.Serialization;
using Foretell.Ingest.Sinks;

namespace Foretell.Web.Feeds;

/// <summary>A CloudEvent in structured mode, its data the same object as the feed over HTTP sends.</summary>
/// <remarks>Source: CloudEvents 1.0.2, section 3.1, and its JSON event format 1.0.2.</remarks>
/// <param name="Id">Unique within the source.</param>
/// <param name="Source">The platform's data: a URN that stays the same for as long as they do.</param>
/// <param name="Type">What kind of event.</param>
/// <param name="Subject">The stream that it is about.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Data">The object.</param>
public sealed record CloudEvent(string Id, string Source, string Type, string Subject, DateTime Time, FeedEvent Data)
{
    /// <summary>Media type of a structured CloudEvent.</summary>
    public const string MediaType = "application/cloudevents+json";

    /// <summary>Version of the specification.</summary>
    [JsonPropertyName("specversion"), JsonPropertyOrder(-1)]
    public string SpecVersion => "1.0";

    /// <summary>Media type of the data.</summary>
    [JsonPropertyName("datacontenttype")]
    public string DataContentType => "application/json";

    /// <summary>The URN of the platform whose log of alerts has this name.</summary>
    internal static string SourceOf(string feed) => $"urn:foretell:{feed}";

    /// <summary>The event as a sink takes it.</summary>
    internal SinkMessage ToMessage() =>
        new(Id, Subject, MediaType, JsonSerializer.SerializeToUtf8Bytes(this, CloudEventJson.Default.CloudEvent));
}
