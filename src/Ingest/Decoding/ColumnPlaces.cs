using System.Text;

namespace Foretell.Ingest.Decoding;

/// <summary>Which columns of a table hold the parts of an event, by index; -1 where a table has no such part.</summary>
internal readonly record struct ColumnPlaces(int Stream, int Time, int Mark, int Id, int Label, int[] Values)
{
    private const int ShownNames = 20;

    /// <summary>Finds the columns by their names.</summary>
    /// <param name="names">The table's columns.</param>
    /// <param name="columns">What was asked for; null takes the default names.</param>
    /// <param name="naming">How columns are named to the program, such as "--columns ", for the remedy.</param>
    /// <exception cref="FormatException">A column is not there, is there twice, or has a likely other name; the message lists those
    /// that exist.</exception>
    public static ColumnPlaces Find(IReadOnlyList<string> names, EventColumns? columns, string naming)
    {
        EventColumns wanted = columns ?? new EventColumns();
        var places = new ColumnPlaces(IndexOf(names, wanted.Stream), IndexOf(names, wanted.Time),
            IndexOf(names, wanted.Mark ?? "mark"), IndexOf(names, wanted.Id ?? "id"),
            wanted.Label is null ? -1 : IndexOf(names, wanted.Label), [.. wanted.Values.Select(name => IndexOf(names, name))]);
        int unknown = Array.IndexOf(places.Values, -1);
        (string Part, string Name)? missing = places.Stream < 0 ? ("stream", wanted.Stream)
            : places.Time < 0 ? ("time", wanted.Time)
            : places.Mark < 0 && wanted.Mark is { } mark ? ("mark", mark)
            : places.Id < 0 && wanted.Id is { } id ? ("id", id)
            : places.Label < 0 && wanted.Label is { } label ? ("label", label)
            : unknown >= 0 ? ("values", wanted.Values[unknown])
            : null;
        if (missing is var (part, name))
        {
            throw new FormatException($"There is no column '{VisibleText.Of(name)}' for the {part}; the columns are {Listed(names)}. "
                + $"Name it with {naming}{Likely(names, part)}.");
        }
        // Read without its mark, the table would tell less than its owner thinks; whoever names columns has said what they want.
        return columns is null && places.Mark < 0 && Other(names, "mark") is { } likely
            ? throw new FormatException($"There is no column 'mark', which says what happened, but one '{likely}'. Name it with {naming}"
                + $"mark={likely}, or leave marks out with {naming}stream={names[places.Stream]}.")
            : places;
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        int index = -1;
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                index = index < 0 ? i : throw new FormatException($"The column '{VisibleText.Of(name)}' is there twice; expected it once.");
            }
        }
        return index;
    }

    /// <summary>Pairs as one would type them: the missing part, and the time with it where that has another name, too.</summary>
    private static string Likely(IReadOnlyList<string> names, string part)
    {
        string pair = $"{part}={Other(names, part) ?? "COLUMN"}";
        return part == "stream" && IndexOf(names, "time") < 0 && Other(names, "time") is { } time ? $"{pair},time={time}" : pair;
    }

    /// <summary>The column that others' tables call the part, or null.</summary>
    private static string? Other(IReadOnlyList<string> names, string part)
    {
        OtherNames others = default;
        foreach (string name in names)
        {
            others.Note(Encoding.UTF8.GetBytes(name));
        }
        ReadOnlySpan<byte> found = part switch { "stream" => others.Stream, "time" => others.Time, "mark" => others.Mark, _ => default };
        return found.IsEmpty ? null : Encoding.UTF8.GetString(found);
    }

    private static string Listed(IReadOnlyList<string> names) =>
        VisibleText.Of(string.Join(", ", names.Take(ShownNames))) + (names.Count > ShownNames ? $" and {names.Count - ShownNames} more" : "");
}
