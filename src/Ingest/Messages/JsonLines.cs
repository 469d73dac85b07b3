namespace Foretell.Ingest.Messages;

/// <summary>Tells several lines of JSON from one document that is written over several lines.</summary>
internal static class JsonLines
{
    /// <summary>Whether a body without a content type is NDJSON: somewhere a line begins as it cannot within one document. A document is
    /// never taken for lines, however it is laid out; lines of which some are broken are found by the others.</summary>
    public static bool AreIn(ReadOnlySpan<byte> body)
    {
        byte before = 0;
        for (int end; (end = body.IndexOf((byte)'\n')) >= 0;)
        {
            ReadOnlySpan<byte> line = body[..end].TrimEnd(" \t\r"u8);
            before = line.IsEmpty ? before : line[^1];
            body = body[(end + 1)..].TrimStart(" \t\r\n"u8);
            // Within a document an object follows a comma, a colon or a bracket, and behind one comes a comma or the end of what holds it.
            bool begins = !body.IsEmpty && before != 0
                && ((body[0] == '{' && before is not ((byte)',' or (byte)':' or (byte)'['))
                    || (before == '}' && body[0] is not ((byte)',' or (byte)']' or (byte)'}')));
            if (begins)
            {
                return true;
            }
        }
        return false;
    }
}
