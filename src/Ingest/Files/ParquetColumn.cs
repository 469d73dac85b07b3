using System.Globalization;
using System.Text;
using Foretell.Ingest.Decoding;
using Parquet;
using Parquet.Schema;

namespace Foretell.Ingest.Files;

/// <summary>One column of a Parquet file, a row group of it at a time.</summary>
internal sealed class ParquetColumn
{
    private static readonly string s_notANumber = double.NaN.ToString(CultureInfo.InvariantCulture);

    private readonly TimeZoneInfo? _zone;
    private readonly bool _isLocal;
    // What the rows of the group hold: a text (texts, integers and other numbers as their text), or ticks of a calendar time.
    private string?[] _texts = [];
    private long?[] _ticks = [];

    private ParquetColumn(DataField field, TimeZoneInfo? zone) => (Field, _zone, _isLocal) = (field, zone, IsLocal(field));

    /// <summary>The column.</summary>
    public DataField Field { get; }

    /// <summary>A column of texts or integers.</summary>
    /// <exception cref="FormatException">It has another type.</exception>
    public static ParquetColumn OfText(DataField field, string part) =>
        IsText(field.ClrType) || IsInteger(field.ClrType)
            ? new ParquetColumn(field, null)
            : throw new FormatException($"The column '{VisibleText.Of(field.Name)}' for {part} has type {field.ClrType.Name}; expected text or integers.");

    /// <summary>A column of numbers, or of texts that are numbers.</summary>
    /// <exception cref="FormatException">It has another type.</exception>
    public static ParquetColumn OfNumbers(DataField field) => IsText(field.ClrType) || IsNumber(field.ClrType)
        ? new ParquetColumn(field, null)
        : throw new FormatException($"The column '{VisibleText.Of(field.Name)}' for a value has type {field.ClrType.Name}; expected numbers.");

    /// <summary>A column of times: timestamps, dates, or what a CSV column may hold.</summary>
    /// <exception cref="FormatException">It has another type, or holds local times and there is no zone for them.</exception>
    public static ParquetColumn OfTime(DataField field, TimeZoneInfo? zone)
    {
        if (!IsText(field.ClrType) && !IsNumber(field.ClrType) && !IsCalendar(field.ClrType))
        {
            throw new FormatException($"The column '{VisibleText.Of(field.Name)}' for the time has type {field.ClrType.Name}; expected timestamps, or Unix seconds.");
        }
        return !IsLocal(field) || zone is not null
            ? new ParquetColumn(field, zone)
            : throw new FormatException($"The column '{VisibleText.Of(field.Name)}' holds times without an offset; name their zone with --time-zone (Spark's and Impala's old timestamps are in UTC mostly).");
    }

    /// <summary>Reads the column's part of a row group.</summary>
    public async Task LoadAsync(ParquetRowGroupReader group, int rows)
    {
        Type type = Field.ClrType;
        if (IsText(type))
        {
            _texts = new string?[rows];
            await group.ReadAsync(Field, _texts.AsMemory()!, null, CancellationToken.None);
        }
        else if (type == typeof(DateTime))
        {
            _ticks = Array.ConvertAll(await ReadAsync<DateTime>(group, rows), t => t?.Ticks - DateTime.UnixEpoch.Ticks);
        }
        else if (type == typeof(DateOnly))
        {
            _ticks = Array.ConvertAll(await ReadAsync<DateOnly>(group, rows),
                d => d?.ToDateTime(TimeOnly.MinValue).Ticks - DateTime.UnixEpoch.Ticks);
        }
        else
        {
            _texts = type == typeof(long) ? await NumbersAsync<long>(group, rows)
                : type == typeof(int) ? await NumbersAsync<int>(group, rows)
                : type == typeof(short) ? await NumbersAsync<short>(group, rows)
                : type == typeof(sbyte) ? await NumbersAsync<sbyte>(group, rows)
                : type == typeof(ulong) ? await NumbersAsync<ulong>(group, rows)
                : type == typeof(uint) ? await NumbersAsync<uint>(group, rows)
                : type == typeof(ushort) ? await NumbersAsync<ushort>(group, rows)
                : type == typeof(byte) ? await NumbersAsync<byte>(group, rows)
                : type == typeof(float) ? await NumbersAsync<float>(group, rows)
                : type == typeof(double) ? await NumbersAsync<double>(group, rows)
                : await NumbersAsync<decimal>(group, rows);
        }
    }

    /// <summary>The text of a row; empty for null.</summary>
    public ReadOnlySpan<byte> Text(int row) => _texts[row] is { } text ? Encoding.UTF8.GetBytes(text) : default;

    /// <summary>The number of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="value">Output: the number; NaN for none, as tables of numbers have it.</param>
    /// <returns>Null, or the reason why it is none.</returns>
    public string? Number(int row, out double value)
    {
        value = double.NaN;
        string? text = _texts[row]?.Trim();
        return string.IsNullOrEmpty(text) || text == s_notANumber || ValueText.TryParse(Encoding.UTF8.GetBytes(text), out value) ? null
            : $"The column '{VisibleText.Of(Field.Name)}' must hold {ValueText.Expected}, got '{VisibleText.Of(text)}'.";
    }

    /// <summary>The time of a row.</summary>
    /// <returns>Null, or the reason why it has none.</returns>
    public string? Time(int row, out long ticks)
    {
        if (!IsCalendar(Field.ClrType))
        {
            ticks = 0;
            return _texts[row] is { } text ? TimeText.Parse(Encoding.UTF8.GetBytes(text.Trim()), out ticks, _zone) : "The time is missing.";
        }
        ticks = _ticks[row] ?? 0;
        ticks = _isLocal ? LocalTime.ToUtc(ticks, _zone!) : ticks;
        return _ticks[row] is null ? "The time is missing." : null;
    }

    private async Task<string?[]> NumbersAsync<T>(ParquetRowGroupReader group, int rows) where T : struct, IFormattable =>
        Array.ConvertAll(await ReadAsync<T>(group, rows), n => n?.ToString(null, CultureInfo.InvariantCulture));

    private async Task<T?[]> ReadAsync<T>(ParquetRowGroupReader group, int rows) where T : struct
    {
        var values = new T?[rows];
        if (Field.IsNullable)
        {
            await group.ReadAsync(Field, values.AsMemory(), null, CancellationToken.None);
            return values;
        }
        var present = new T[rows];
        await group.ReadAsync(Field, present.AsMemory(), null, CancellationToken.None);
        return Array.ConvertAll(present, v => (T?)v);
    }

    /// <summary>True for times and dates that say nothing of a zone. The older names of timestamps mean UTC; INT96 never said.</summary>
    private static bool IsLocal(DataField field) => IsCalendar(field.ClrType)
        && (field is not DateTimeDataField { DateTimeFormat: not (DateTimeFormat.Date or DateTimeFormat.Impala) }
            || field.SchemaElement?.LogicalType?.TIMESTAMP is { IsAdjustedToUTC: false });

    private static bool IsText(Type type) => type == typeof(string) || type == typeof(ReadOnlyMemory<char>);

    private static bool IsCalendar(Type type) => type == typeof(DateTime) || type == typeof(DateOnly);

    private static bool IsNumber(Type type) => IsInteger(type)
        || type == typeof(double) || type == typeof(float) || type == typeof(decimal);

    private static bool IsInteger(Type type) => type == typeof(long) || type == typeof(int) || type == typeof(short)
        || type == typeof(sbyte) || type == typeof(ulong) || type == typeof(uint) || type == typeof(ushort) || type == typeof(byte);
}
