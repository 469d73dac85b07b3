namespace Foretell.Ingest.Files;

/// <summary>A file of events or sequences cannot be read; the message is one sentence with file, line and what was expected.</summary>
public sealed class EventFileException : Exception
{
    /// <param name="path">The file.</param>
    /// <param name="line">Line from 1, or 0 where the whole file is meant.</param>
    /// <param name="problem">What was seen and what was expected.</param>
    /// <param name="inner">The error of the file system, if any.</param>
    public EventFileException(string path, long line, string problem, Exception? inner = null)
        : base(line > 0 ? $"{path}, line {line}: {problem}" : $"{path}: {problem}", inner)
    {
        Path = path;
        Line = line;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Line from 1, or 0 where the whole file is meant.</summary>
    public long Line { get; }
}
