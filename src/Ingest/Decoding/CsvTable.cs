using System.Text;
using System.Text.Unicode;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads the records of a CSV table as events, by the columns that its header names. Separators are commas, semicolons or tabs,
/// whichever the header has.</summary>
internal sealed class CsvTable
{
    private readonly CsvRecord _record;
    private readonly int _columns;
    private readonly ColumnPlaces _places;
    private readonly TimeZoneInfo? _zone;
    private readonly byte[][] _names;
    private readonly EventValues _values = new();

    /// <param name="header">The first record.</param>
    /// <param name="columns">Columns of the event's parts; null takes the default names.</param>
    /// <param name="naming">How columns are named to the program, such as "--columns ", for the remedy.</param>
    /// <param name="zone">Zone of the times without an offset; null refuses them.</param>
    /// <exception cref="FormatException">The header lacks a column, or is no CSV; the message says what is there.</exception>
    public CsvTable(ReadOnlySpan<byte> header, EventColumns? columns, string naming, TimeZoneInfo? zone)
    {
        List<string> names;
        (Separator, names) = FindSeparator(header, columns ?? new EventColumns());
        _places = ColumnPlaces.Find(names, columns, naming);
        _columns = names.Count;
        _record = new CsvRecord(Separator);
        _zone = zone;
        _names = [.. (columns?.Values ?? []).Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>What stands between fields.</summary>
    public byte Separator { get; }

    /// <summary>Adds the event of one record.</summary>
    /// <returns>Null, or the reason why the record is no event.</returns>
    public string? Add(ReadOnlySpan<byte> record, EventBatch batch)
    {
        string? reason = _record.Split(record);
        if (reason is null && _record.Count != _columns)
        {
            reason = $"The record has {_record.Count} fields; expected {_columns}, as in the header."
                + (_record.Count > _columns && Separator == ',' ? " A comma within a field needs double quotes around the field." : "");
        }
        if (reason is null && !Utf8.IsValid(record))
        {
            reason = "The record is not valid UTF-8.";
        }
        DecodedEvent decoded = default;
        reason ??= TimeText.Parse(_record[_places.Time], out decoded.TimeTicks, _zone) ?? ReadValues();
        if (reason is not null)
        {
            return reason;
        }
        decoded.Stream = _record[_places.Stream];
        decoded.Mark = Optional(_places.Mark);
        decoded.Id = Optional(_places.Id);
        decoded.Values = _values.Encoded;
        decoded.Label = Optional(_places.Label);
        decoded.IsLabel = !decoded.Label.IsEmpty;
        return decoded.AddTo(batch);
    }

    private string? ReadValues()
    {
        _values.Clear();
        for (int i = 0; i < _names.Length; i++)
        {
            ReadOnlySpan<byte> cell = _record[_places.Values[i]];
            if (cell.IsEmpty)
            {
                continue;
            }
            if (!ValueText.TryParse(cell, out double value))
            {
                return $"The column {JsonToken.Shown(_names[i])} must hold {ValueText.Expected}, got {JsonToken.Shown(cell)}.";
            }
            // Names were looked at when the columns were named: each is there once, and they are not too many.
            _values.TryAdd(_names[i], value);
        }
        return null;
    }

    private ReadOnlySpan<byte> Optional(int index) => index < 0 ? default : _record[index];

    /// <summary>The separator that gives the columns asked for, or else the most columns.</summary>
    private static (byte Separator, List<string> Names) FindSeparator(ReadOnlySpan<byte> header, EventColumns wanted)
    {
        (byte Separator, List<string> Names) best = default;
        string? problem = null;
        foreach (byte separator in ",;\t"u8)
        {
            var record = new CsvRecord(separator);
            if (record.Split(header) is { } reason)
            {
                problem ??= reason;
                continue;
            }
            List<string> names = [.. Enumerable.Range(0, record.Count).Select(i => Encoding.UTF8.GetString(record[i]))];
            if (Has(names, wanted.Stream) && Has(names, wanted.Time))
            {
                return (separator, names);
            }
            if (best.Names is null || names.Count > best.Names.Count)
            {
                best = (separator, names);
            }
        }
        return best.Names is null ? throw new FormatException(problem) : best;
    }

    private static bool Has(List<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
