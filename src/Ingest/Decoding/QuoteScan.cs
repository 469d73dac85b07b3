namespace Foretell.Ingest.Decoding;

/// <summary>Follows a CSV record part by part and tells whether a quoted field is open: a line end belongs to the record then.</summary>
/// <param name="separator">What stands between fields.</param>
internal struct QuoteScan(byte separator)
{
    // A quote opens a field at the field's start, and again right behind its closing one: doubled quotes.
    private bool _mayOpen = true;

    /// <summary>True where what was seen ends within a quoted field.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Looks at the bytes that follow.</summary>
    public void Add(ReadOnlySpan<byte> part)
    {
        foreach (byte character in part)
        {
            if (IsOpen)
            {
                IsOpen = character != '"';
                _mayOpen = true;
            }
            else
            {
                IsOpen = _mayOpen && character == '"';
                _mayOpen = character == separator || (_mayOpen && (character is (byte)' ' or (byte)'\t'));
            }
        }
    }
}
