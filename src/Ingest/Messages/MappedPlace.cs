using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>What holds a field's value.</summary>
internal enum PlaceKind
{
    /// <summary>A value in each object of the body.</summary>
    Pointer,

    /// <summary>The message's partition key.</summary>
    PartitionKey,

    /// <summary>When the broker took the message.</summary>
    EnqueuedTime,

    /// <summary>A property of the message.</summary>
    Property,
}

/// <summary>Where a field's value is.</summary>
/// <param name="Kind">What holds it.</param>
/// <param name="Text">The place as it was written.</param>
/// <param name="Pointer">The pointer's tokens, without escapes; empty for other kinds.</param>
/// <param name="Property">The property's name; empty for other kinds.</param>
internal sealed record MappedPlace(PlaceKind Kind, string Text, IReadOnlyList<string> Pointer, string Property)
{
    private const string KeyName = "@partitionKey", TimeName = "@enqueuedTime", PropertyPrefix = "@property.";

    /// <summary>The time that a field has when nothing is mapped to it.</summary>
    public static MappedPlace EnqueuedTime { get; } = new(PlaceKind.EnqueuedTime, TimeName, [], "");

    /// <summary>Reads a place.</summary>
    /// <param name="field">Whose place it is, for messages.</param>
    /// <param name="text">The place; not empty.</param>
    /// <exception cref="FormatException">The text is no place.</exception>
    public static MappedPlace Parse(string field, string text) => text switch
    {
        ['/', ..] => new(PlaceKind.Pointer, text, Tokens(field, text), ""),
        KeyName => new(PlaceKind.PartitionKey, text, [], ""),
        TimeName => EnqueuedTime,
        _ when text.StartsWith(PropertyPrefix, StringComparison.Ordinal) && text.Length > PropertyPrefix.Length =>
            new(PlaceKind.Property, text, [], text[PropertyPrefix.Length..]),
        _ => throw new FormatException($"The mapping reads '{field}' from '{text}'; expected a JSON pointer such as /device/id, "
            + $"{KeyName}, {TimeName} or {PropertyPrefix}NAME.{Meant(text)}"),
    };

    private static string[] Tokens(string field, string pointer)
    {
        for (int i = pointer.IndexOf('~'); i >= 0; i = pointer.IndexOf('~', i + 1))
        {
            if (i + 1 == pointer.Length || pointer[i + 1] is not ('0' or '1'))
            {
                throw new FormatException($"The mapping reads '{field}' from '{pointer}', whose ~ at character {i + 1} is followed by "
                    + "neither 0 nor 1; expected ~0 for a ~ and ~1 for a / within a name.");
            }
        }
        // In this order (RFC 6901, section 4): ~01 is ~1, and no slash.
        return [.. pointer[1..].Split('/').Select(t => t.Replace("~1", "/").Replace("~0", "~"))];
    }

    private static string Meant(string text)
    {
        string? name = text[0] != '@' ? $"/{text.TrimStart(['$', '#', '.', '/']).Replace('.', '/')}"
            : text.Length > PropertyPrefix.Length && text.StartsWith(PropertyPrefix, StringComparison.OrdinalIgnoreCase) ? $"{PropertyPrefix}{text[PropertyPrefix.Length..]}"
            : NearestName.Of(text, [KeyName, TimeName, $"{PropertyPrefix}NAME"]);
        return name is null ? "" : $" Did you mean '{name}'?";
    }
}
