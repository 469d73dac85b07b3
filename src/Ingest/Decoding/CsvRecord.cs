namespace Foretell.Ingest.Decoding;

/// <summary>Splits CSV records into fields. Reusable: one record after the other.</summary>
/// <remarks>Source: RFC 4180. A quoted field may hold separators, line ends and doubled quotes. Other than there, blanks around a field are
/// no part of it, whatever the column and whether it is quoted: people write "a, b" and mean the same as "a,b".</remarks>
internal sealed class CsvRecord(byte separator)
{
    /// <summary>More columns than any table has; a line of nothing but separators must not cost more than its own length.</summary>
    private const int MaxFields = 16_384;

    private Range[] _fields = new Range[16];
    private byte[] _bytes = new byte[256];

    /// <summary>Fields of the latest record.</summary>
    public int Count { get; private set; }

    /// <summary>A field of the latest record, without quotes and blanks around it; valid until the next one is split.</summary>
    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_fields[index]);

    /// <summary>Splits a record.</summary>
    /// <returns>Null, or what is wrong with the record.</returns>
    public string? Split(ReadOnlySpan<byte> record)
    {
        // A copy, since doubled quotes are closed up in place, and the caller's bytes may not be his own.
        if (_bytes.Length < record.Length)
        {
            _bytes = new byte[Math.Max(record.Length, _bytes.Length * 2)];
        }
        record.CopyTo(_bytes);
        Span<byte> rest = _bytes.AsSpan(0, record.Length);
        Count = 0;
        for (int at = 0; ; at++)
        {
            int start = SkipBlanks(rest, at);
            int end;
            if (start < rest.Length && rest[start] == '"')
            {
                start++;
                if (!TryUnquote(rest, start, out end, out at))
                {
                    return "A quoted field must end with a double quote right before the next separator; write a quote inside it twice.";
                }
            }
            else
            {
                int next = rest[start..].IndexOf(separator);
                at = end = next < 0 ? rest.Length : start + next;
            }
            if (Count == MaxFields)
            {
                return $"The record has more than {MaxFields} fields.";
            }
            if (Count == _fields.Length)
            {
                Array.Resize(ref _fields, Count * 2);
            }
            _fields[Count++] = Trim(rest, start, end);
            if (at == rest.Length)
            {
                return null;
            }
        }
    }

    /// <summary>Closes the gaps that doubled quotes leave.</summary>
    /// <param name="record">The record.</param>
    /// <param name="start">Behind the opening quote.</param>
    /// <param name="end">Where the field's content ends.</param>
    /// <param name="next">Where the separator behind it stands, or the record ends.</param>
    private bool TryUnquote(Span<byte> record, int start, out int end, out int next)
    {
        end = start;
        for (next = start; next < record.Length; next++)
        {
            if (record[next] == '"' && (++next == record.Length || record[next] != '"'))
            {
                next = SkipBlanks(record, next);
                return next == record.Length || record[next] == separator;
            }
            record[end++] = record[next];
        }
        return false;
    }

    private Range Trim(ReadOnlySpan<byte> record, int start, int end)
    {
        start = Math.Min(SkipBlanks(record, start), end);
        while (end > start && IsBlank(record[end - 1]))
        {
            end--;
        }
        return start..end;
    }

    private int SkipBlanks(ReadOnlySpan<byte> record, int at)
    {
        while (at < record.Length && IsBlank(record[at]))
        {
            at++;
        }
        return at;
    }

    private bool IsBlank(byte character) => character is (byte)' ' or (byte)'\t' && character != separator;
}
