namespace Foretell.Ingest.Files;

/// <summary>Splits a CSV record into fields, in place.</summary>
/// <remarks>Source: RFC 4180. A quoted field may hold commas, line ends and doubled quotes.</remarks>
internal sealed class CsvRecord
{
    private Range[] _fields = new Range[16];

    /// <summary>Fields of the latest record.</summary>
    public int Count { get; private set; }

    /// <summary>Where field <paramref name="index"/> stands in the record.</summary>
    public Range this[int index] => _fields[index];

    /// <summary>Splits a record; quoted fields lose their quotes, so the record's bytes change.</summary>
    /// <returns>Null, or what is wrong with the record.</returns>
    public string? Split(Span<byte> record)
    {
        Count = 0;
        int at = 0;
        while (true)
        {
            int start = at;
            int length;
            if (at < record.Length && record[at] == '"')
            {
                start++;
                if (!TryUnquote(record, start, out length, out at))
                {
                    return "A quoted field must end with a double quote right before the next comma; write a quote inside it twice.";
                }
            }
            else
            {
                int comma = record[at..].IndexOf((byte)',');
                length = comma < 0 ? record.Length - at : comma;
                at += length;
            }
            if (Count == _fields.Length)
            {
                Array.Resize(ref _fields, Count * 2);
            }
            _fields[Count++] = start..(start + length);
            if (at == record.Length)
            {
                return null;
            }
            at++;
        }
    }

    /// <summary>Closes the gaps that doubled quotes leave.</summary>
    private static bool TryUnquote(Span<byte> record, int start, out int length, out int next)
    {
        int write = start;
        for (next = start; next < record.Length; next++)
        {
            if (record[next] == '"')
            {
                next++;
                if (next == record.Length || record[next] == ',')
                {
                    length = write - start;
                    return true;
                }
                if (record[next] != '"')
                {
                    break;
                }
            }
            record[write++] = record[next];
        }
        length = 0;
        return false;
    }
}
