using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>A request's body cannot be read as its content type says, so that no event of it can be told apart.</summary>
public sealed class MalformedBodyException : Exception
{
    /// <param name="message">What was seen and expected.</param>
    /// <param name="line">Line of the body, from 1.</param>
    /// <param name="byteInLine">Byte within the line, from 1.</param>
    /// <param name="inner">The reader's own error, if any.</param>
    public MalformedBodyException(string message, long line, long byteInLine, Exception? inner = null)
        : base(message, inner)
    {
        Line = line;
        ByteInLine = byteInLine;
    }

    /// <summary>Line of the body where reading stopped, from 1.</summary>
    public long Line { get; }

    /// <summary>Byte within <see cref="Line"/>, from 1.</summary>
    public long ByteInLine { get; }

    internal static MalformedBodyException From(JsonException error)
    {
        long line = (error.LineNumber ?? 0) + 1;
        long position = (error.BytePositionInLine ?? 0) + 1;
        return new($"The body is not JSON at line {line}, byte {position}: {JsonToken.Reason(error)}", line, position, error);
    }
}
