using System.Text.Json;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>The fields of one decoded event. Spans point into the body or into the decoder's scratch memory.</summary>
internal ref struct DecodedEvent
{
    public ReadOnlySpan<byte> Stream;
    public long TimeTicks;
    public ReadOnlySpan<byte> Mark;
    public ReadOnlySpan<byte> Id;

    /// <summary>As a record holds them; empty for none.</summary>
    public ReadOnlySpan<byte> Values;

    /// <summary>What came of the stream; empty where it is not one.</summary>
    public ReadOnlySpan<byte> Label;

    /// <summary>Whether it is a label and nothing that happened.</summary>
    public bool IsLabel;

    /// <summary>Adds the event.</summary>
    /// <returns>Null, or the reason why it is none.</returns>
    public readonly string? AddTo(EventBatch batch) =>
        !IsLabel ? batch.TryAdd(Stream, TimeTicks, Mark, Id, Values)
        : Mark.IsEmpty && Values.IsEmpty ? batch.TryAddLabel(Stream, TimeTicks, Label, Id)
        : $"'label' is there together with {(Mark.IsEmpty ? "'values'" : "'mark'")}; expected it alone: send a label as an event of its own.";
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
