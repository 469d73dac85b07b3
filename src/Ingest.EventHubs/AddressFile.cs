namespace Foretell.Ingest.EventHubs;

/// <summary>What may stand in a file instead of an argument, where nobody who lists processes sees it.</summary>
internal static class AddressFile
{
    /// <summary>The text itself, or what is in the file that it names by @FILE; trimmed.</summary>
    /// <param name="text">An argument.</param>
    /// <param name="what">What the file should hold: "a hub's connection string".</param>
    /// <exception cref="FormatException">The file cannot be read.</exception>
    public static string Resolve(string text, string what)
    {
        text = text.Trim();
        if (!text.StartsWith('@'))
        {
            return text;
        }
        string path = text[1..];
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"The file '{path}', which should hold {what}, cannot be read: {e.Message}");
        }
    }
}
