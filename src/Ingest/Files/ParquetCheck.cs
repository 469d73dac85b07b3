using System.Buffers.Binary;
using Parquet.Meta;
using static Foretell.Ingest.Files.ThriftShape;

namespace Foretell.Ingest.Files;

/// <summary>Looks at what a Parquet file says of itself before the library does: no count, length or place may be one that the file has not
/// got room for.</summary>
/// <remarks>Source of the shapes: parquet.thrift, apache/parquet-format 2.11, as far as the library knows it.</remarks>
internal static class ParquetCheck
{
    // The library goes down them by recursion, whatever their depth.
    private const int MaxGroups = 1000;

    private const int MagicBytes = 4, TailBytes = 8;

    private static readonly ThriftShape s_statistics = Struct(Binary(), Binary(), I64(), I64(), Binary(), Binary(), Bool(), Bool());
    private static readonly ThriftShape s_timeUnit = Struct(Struct(), Struct(), Struct());
    private static readonly ThriftShape s_logicalType = Struct(Struct(), Struct(), Struct(), Struct(), Struct(I32(), I32()), Struct(),
        Struct(Bool(), s_timeUnit), Struct(Bool(), s_timeUnit), null, Struct(Byte(), Bool()), Struct(), Struct(), Struct(), Struct(),
        Struct(), Struct(Byte()), Struct(Binary()), Struct(Binary(), I32()));

    private static readonly ThriftShape s_children = I32();
    private static readonly ThriftShape s_element =
        Struct(I32(), I32(), I32(), Binary(), s_children, I32(), I32(), I32(), I32(), s_logicalType);

    private static readonly ThriftShape s_keyValue = Struct(Binary(), Binary());
    private static readonly ThriftShape s_sizes = Struct(I64(), List(I64()), List(I64()));
    private static readonly ThriftShape s_box =
        Struct(Double(), Double(), Double(), Double(), Double(), Double(), Double(), Double());

    private static readonly ThriftShape s_column = Struct(I32(), List(I32()), List(Binary()), I32(), I64(), I64(), I64(), List(s_keyValue),
        I64(), I64(), I64(), s_statistics, List(Struct(I32(), I32(), I32())), I64(), I32(), s_sizes, Struct(s_box, List(I32())));

    private static readonly ThriftShape s_chunk = Struct(Binary(), I64(), s_column, I64(), I32(), I64(), I32(),
        Struct(Struct(), Struct(List(Binary()), Binary())), Binary());

    private static readonly ThriftShape s_rowGroup =
        Struct(List(s_chunk), I64(), I64(), List(Struct(I32(), Bool(), Bool())), I64(), I64(), I16());

    private static readonly ThriftShape s_cipher = Struct(Binary(), Binary(), Bool());
    private static readonly ThriftShape s_file = Struct(I32(), List(s_element), I64(), List(s_rowGroup), List(s_keyValue), Binary(),
        List(Struct(Struct())), Struct(s_cipher, s_cipher), Binary());

    private static readonly ThriftShape s_type = I32(), s_unpacked = I32(), s_packed = I32(), s_entries = I32(), s_values = I32(),
        s_values2 = I32(), s_levels = I32(), s_isPacked = Bool();

    private static readonly ThriftShape s_page = Struct(s_type, s_unpacked, s_packed, I32(),
        Struct(s_values, I32(), I32(), I32(), s_statistics), Struct(), Struct(s_entries, I32(), Bool()),
        Struct(s_values2, I32(), I32(), I32(), s_levels, I32(), s_isPacked, s_statistics));

    /// <summary>Looks at the end of the file, which says what is in it and where.</summary>
    /// <returns>Where that begins: no page goes on beyond.</returns>
    /// <exception cref="InvalidDataException">It is no such end.</exception>
    public static long Footer(ParquetBytes file)
    {
        Span<byte> tail = stackalloc byte[TailBytes];
        file.End = file.Length;
        file.Position = Math.Max(0, file.Length - TailBytes);
        file.ReadExactly(tail);
        long start = file.Length - TailBytes - BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || start < MagicBytes || start > file.Length - TailBytes)
        {
            throw new InvalidDataException($"its last {TailBytes} bytes should be the length of what says what is in it, and PAR1.");
        }
        int groups = 0;
        (file.Position, file.End) = (start, file.Length - TailBytes);
        s_file.Read(file, (shape, value) => groups += shape == s_children && value > 0 ? 1 : 0);
        file.End = file.Length;
        return groups <= MaxGroups ? start
            : throw new InvalidDataException($"it has {groups} columns that consist of others; at most {MaxGroups} are read.");
    }

    /// <summary>Looks at the pages of a column's part of a row group. From here to the next call the file ends behind them.</summary>
    /// <param name="file">The file.</param>
    /// <param name="footer">Where the pages of the file have ended.</param>
    /// <param name="column">What the file says of that part.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <param name="isNullable">Whether the column's values may be missing.</param>
    /// <returns>Bytes of the pages when they are unpacked.</returns>
    /// <exception cref="InvalidDataException">They are not in the file, have other than so many rows, or unpack to more than they
    /// can.</exception>
    public static long Pages(ParquetBytes file, long footer, ColumnMetaData column, long rows, bool isNullable)
    {
        if (column.NumValues != rows || rows < 0)
        {
            throw new InvalidDataException($"a column has {column.NumValues} values, and its row group {rows} rows.");
        }
        // The library begins at the first of these, too.
        file.Position = new[] { column.DictionaryPageOffset ?? 0, column.DataPageOffset, column.IndexPageOffset ?? 0 }
            .Where(offset => offset != 0).DefaultIfEmpty(footer).Min();
        file.End = footer;
        long unpacked = 0;
        for (long found = 0; found < rows;)
        {
            (int values, long bytes) = Page(file, column.Codec, isNullable);
            found += values;
            unpacked += bytes;
            if (found > rows)
            {
                throw new InvalidDataException($"the pages of a column have more values than its row group's {rows} rows.");
            }
        }
        file.End = file.Position;
        return unpacked;
    }

    /// <summary>Looks at the page where the file stands, and leaves it behind it.</summary>
    private static (int Values, long Unpacked) Page(ParquetBytes file, CompressionCodec codec, bool isNullable)
    {
        long begin = file.Position;
        long type = -1, unpacked = 0, packed = 0, entries = 0, values = 0, values2 = 0, levels = 0, isPacked = 1;
        s_page.Read(file, (shape, value) =>
        {
            type = shape == s_type ? value : type;
            unpacked = shape == s_unpacked ? value : unpacked;
            packed = shape == s_packed ? value : packed;
            entries = shape == s_entries ? value : entries;
            values = shape == s_values ? value : values;
            values2 = shape == s_values2 ? value : values2;
            levels = shape == s_levels ? value : levels;
            isPacked = shape == s_isPacked ? value : isPacked;
        });
        bool isSecondKind = (PageType)type == PageType.DATA_PAGE_V2;
        values = (PageType)type switch { PageType.DATA_PAGE => values, PageType.DATA_PAGE_V2 => values2, _ => 0 };
        // Only pages of the second kind keep what tells which values are missing apart from what is packed, or are not packed at all.
        levels = isNullable && isSecondKind ? levels : 0;
        codec = isSecondKind && isPacked == 0 ? CompressionCodec.UNCOMPRESSED : codec;
        if (packed < 0 || packed > file.Left || unpacked < 0 || values < 0 || levels < 0 || levels > packed)
        {
            throw new InvalidDataException($"the page at {begin} has {values} values in {packed} bytes, {unpacked} when unpacked; "
                + $"{file.Left} bytes are left for it.");
        }
        file.Position += levels;
        packed -= levels;
        unpacked = Math.Max(unpacked, ParquetCodec.Unpacked(codec, file, packed));
        if (unpacked - levels > ParquetCodec.MostUnpacked(codec, packed) || entries < 0 || entries > unpacked)
        {
            throw new InvalidDataException($"the page at {begin} of {packed} bytes claims {unpacked} unpacked ones with {entries} entries; "
                + $"{codec} makes at most {ParquetCodec.MostUnpacked(codec, packed)} of it, and an entry has a byte at least.");
        }
        file.Position += packed;
        return ((int)values, unpacked);
    }
}
