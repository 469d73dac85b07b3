using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Web.Http;
using Microsoft.OpenApi;

namespace Foretell.Web.OpenApi;

/// <summary>Schemas of the bodies of <c>POST /v1/events</c>, which decoders read without an intermediate type.</summary>
internal static class EventSchemas
{
    public const string Event = "Event";
    public const string CloudEvent = "CloudEvent";

    public static IEnumerable<(string, OpenApiSchema)> All() =>
    [
        (Event, Object(["stream", "time"], new()
        {
            ["stream"] = Text("Stream key: whose event it is. 1 to 256 bytes of UTF-8."),
            ["time"] = new OpenApiSchema
            {
                OneOf = [new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
                    new OpenApiSchema { Type = JsonSchemaType.Number }],
                Description = "When it happened: RFC 3339 with an offset, or Unix seconds.",
            },
            ["mark"] = new OpenApiSchema
            {
                OneOf = [new OpenApiSchema { Type = JsonSchemaType.String }, new OpenApiSchema { Type = JsonSchemaType.Integer }],
                Description = "What happened. At most 256 bytes.",
            },
            ["id"] = Text("The sender's name for the event. At most 256 bytes."),
            ["values"] = Values("Numbers of the event, at most 16, by names of 1 to 64 bytes. `null` is a value that is missing."),
            ["label"] = new OpenApiSchema
            {
                OneOf = [new OpenApiSchema { Type = JsonSchemaType.String }, new OpenApiSchema { Type = JsonSchemaType.Integer }],
                Description = "What came of the stream, in an event of its own, without `mark` and `values`. 1 to 256 bytes.",
            },
        })),
        (CloudEvent, Object(["specversion", "id", "source", "type", "time"], new()
        {
            ["specversion"] = Text("Always `1.0`."),
            ["id"] = Text("Event id."),
            ["source"] = Text("Stream key where there is no `subject`."),
            ["subject"] = Text("Stream key."),
            ["type"] = Text("Mark: what happened; `foretell.label` for a label."),
            ["time"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time", Description = "When it happened." },
            ["data"] = new OpenApiSchema
            {
                Description = "Any. Of an object two members are read: `values`, an object of numbers by name, and, where `type` is `foretell.label`, `label`.",
            },
        })),
    ];

    /// <summary>The schema of a body.</summary>
    public static IOpenApiSchema Of(BodyNote note, OpenApiDocument document)
    {
        if (note.Schema is null)
        {
            return new OpenApiSchema { Type = JsonSchemaType.String, Description = note.MediaType == EventDecoder.CsvType
                ? "A header, then one event a record (RFC 4180); separated by commas, semicolons or tabs."
                : "One JSON object a line." };
        }
        var one = new OpenApiSchemaReference(note.Schema, document);
        var array = new OpenApiSchema { Type = JsonSchemaType.Array, Items = one };
        return note.Items switch
        {
            BodyItems.One => one,
            BodyItems.Array => array,
            _ => new OpenApiSchema { OneOf = [one, array] },
        };
    }

    private static OpenApiSchema Object(HashSet<string> required, Dictionary<string, IOpenApiSchema> properties) =>
        new() { Type = JsonSchemaType.Object, Required = required, Properties = properties };

    private static OpenApiSchema Values(string description) => new()
    {
        Type = JsonSchemaType.Object,
        AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Number | JsonSchemaType.Null },
        MaxProperties = EventValues.Most,
        Description = description,
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
