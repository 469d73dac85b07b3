using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>The fields of one decoded event. Spans point into the body or into the decoder's scratch memory.</summary>
internal ref struct DecodedEvent
{
    public ReadOnlySpan<byte> Stream;
    public long TimeTicks;
    public ReadOnlySpan<byte> Mark;
    public ReadOnlySpan<byte> Id;
}

/// <summary>Which properties of a JSON object make an event.</summary>
internal abstract class EventSchema
{
    /// <summary>Reads the object on which <paramref name="json"/> stands and leaves the reader on its end.</summary>
    /// <param name="json">Reader on a StartObject token.</param>
    /// <param name="scratch">Memory for texts with escapes; overwritten by the next event.</param>
    /// <param name="decoded">Takes the event's fields; they hold when the result is null.</param>
    /// <returns>Null, or the reason why the object is no event.</returns>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public abstract string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded);

    /// <summary>What a sender reads about a property that came twice.</summary>
    protected static string Twice(string property) => $"'{property}' is there twice; expected it once.";
}
