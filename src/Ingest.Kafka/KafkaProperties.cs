namespace Foretell.Ingest.Kafka;

/// <summary>A file of settings, one NAME=VALUE a line.</summary>
internal static class KafkaProperties
{
    /// <summary>Reads one. Lines that are empty or begin with # say nothing.</summary>
    /// <exception cref="FormatException">It cannot be read, or a line is no setting; the message repeats no line.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"The file '{path}', which should hold settings of Kafka, cannot be read: {e.Message}");
        }
        var settings = new Dictionary<string, string>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            int equals = line.IndexOf('=');
            // The line itself may be a secret.
            if (equals <= 0)
            {
                throw new FormatException($"Line {i + 1} of '{path}' is no setting: write NAME=VALUE, such as security.protocol=SASL_SSL.");
            }
            if (!settings.TryAdd(line[..equals].TrimEnd(), line[(equals + 1)..].TrimStart()))
            {
                throw new FormatException($"Line {i + 1} of '{path}' sets {line[..equals].TrimEnd()} again: leave one of the two out.");
            }
        }
        return settings;
    }
}
