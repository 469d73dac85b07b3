using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>What an event takes from a CloudEvent's data: its member `values`, and of a label (by its type) its member `label`. The rest of
/// the data is its sender's own, whatever it is.</summary>
internal static class CloudEventData
{
    /// <summary>The type of CloudEvents that say what came of a stream.</summary>
    public static ReadOnlySpan<byte> LabelType => "foretell.label"u8;

    /// <summary>Reads the value on which the reader stands and leaves it on the value's end, whatever the outcome.</summary>
    /// <param name="json">Reader on the value of 'data'.</param>
    /// <param name="scratch">Memory for values and texts with escapes.</param>
    /// <param name="decoded">Takes values and label.</param>
    /// <param name="label">Output: why there is no label, for the case that the type asks for one; null where there is.</param>
    /// <returns>Null, or the reason why the values are none.</returns>
    public static string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded, out string? label)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            label = "'data' must be an object with a 'label'.";
            json.Skip();
            return null;
        }
        label = "'label' is missing in 'data'; expected a string or an integer.";
        string? reason = null;
        bool hasValues = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = JsonToken.Name(ref json, scratch);
            bool isValues = name.SequenceEqual("values"u8), isLabel = name.SequenceEqual("label"u8);
            json.Read();
            if (isLabel)
            {
                label = json.TokenType is JsonTokenType.String or JsonTokenType.Number
                    ? JsonToken.ReadTextOrInteger(ref json, "label", scratch.Label, out decoded.Label)
                    : "'label' in 'data' must be a string or an integer.";
            }
            else if (isValues && json.TokenType == JsonTokenType.StartObject && reason is null)
            {
                reason = hasValues ? "'values' is there twice in 'data'; expected it once." : JsonValues.Read(ref json, scratch, ref decoded);
                hasValues = true;
            }
            json.Skip();
        }
        return reason;
    }
}
