using System.Buffers.Binary;
using System.Text;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>A row as it stands in a page, wherever that page is: no tree is followed, so that a broken one costs no row.</summary>
/// <param name="RowId">Its rowid; null in a table without.</param>
/// <param name="Values">Its columns: null, long, double, string or bytes.</param>
internal sealed record SqliteRow(long? RowId, object?[] Values);

/// <summary>Reads rows out of single pages. Whatever is no row is left out.</summary>
/// <remarks>Source: SQLite, "Database File Format", sections 1.6 (b-tree pages) and 2.1 (record format).</remarks>
internal sealed class SqliteCells(SqlitePages pages)
{
    private const byte InteriorIndex = 0x02, LeafIndex = 0x0A, LeafTable = 0x0D;

    private readonly byte[] _page = new byte[pages.PageBytes];
    private readonly byte[] _overflow = new byte[pages.PageBytes];

    /// <summary>Rows of a page's image, each of them the first reading that <paramref name="isWhole"/> believes.</summary>
    /// <param name="version">Version of the image.</param>
    /// <param name="page">The page's number.</param>
    /// <param name="isWhole">Whether a row is what was written: rows behind overflow pages have several readings where these pages
    /// have several images.</param>
    /// <param name="only">The one rowid to look for; null for any row.</param>
    public IEnumerable<SqliteRow> Rows(int version, uint page, Func<SqliteRow, bool> isWhole, long? only = null)
    {
        if (!pages.Read(version, page, _page))
        {
            yield break;
        }
        int start = page == 1 ? 100 : 0;
        byte kind = _page[start];
        if (kind is not (InteriorIndex or LeafIndex or LeafTable))
        {
            yield break;
        }
        int cells = BinaryPrimitives.ReadUInt16BigEndian(_page.AsSpan(start + 3));
        int pointers = start + (kind == InteriorIndex ? 12 : 8);
        for (int i = 0; i < cells && pointers + 2 * i + 2 <= _page.Length; i++)
        {
            int at = BinaryPrimitives.ReadUInt16BigEndian(_page.AsSpan(pointers + 2 * i));
            if (Row(kind, version, at, isWhole, only) is { } row)
            {
                yield return row;
            }
        }
    }

    private SqliteRow? Row(byte kind, int version, int at, Func<SqliteRow, bool> isWhole, long? only)
    {
        at += kind == InteriorIndex ? sizeof(uint) : 0;
        if (!Varint(_page, ref at, out long length) || length is <= 0 or > int.MaxValue / 2)
        {
            return null;
        }
        long? rowId = null;
        if (kind == LeafTable)
        {
            if (!Varint(_page, ref at, out long id) || only is not null && id != only)
            {
                return null;
            }
            rowId = id;
        }
        int local = Local((int)length, kind == LeafTable);
        if (at + local > _page.Length || length > pages.Bytes)
        {
            return null;
        }
        byte[] payload = new byte[length];
        _page.AsSpan(at, local).CopyTo(payload);
        if (local == length)
        {
            return Parse(rowId, payload) is { } row && isWhole(row) ? row : null;
        }
        if (at + local + sizeof(uint) > _page.Length)
        {
            return null;
        }
        uint next = BinaryPrimitives.ReadUInt32BigEndian(_page.AsSpan(at + local));
        // As the pages were when this one was written, or as they are now: the row's checksums tell.
        foreach (int then in new[] { version, pages.LastVersion })
        {
            if (Follow(payload, local, next, then) && Parse(rowId, payload) is { } row && isWhole(row))
            {
                return row;
            }
        }
        return null;
    }

    private bool Follow(byte[] payload, int filled, uint page, int version)
    {
        while (filled < payload.Length)
        {
            if (pages.Newest(page, version) is not { } image || !pages.Read(image, page, _overflow))
            {
                return false;
            }
            int part = Math.Min(pages.UsableBytes - sizeof(uint), payload.Length - filled);
            _overflow.AsSpan(sizeof(uint), part).CopyTo(payload.AsSpan(filled));
            filled += part;
            page = BinaryPrimitives.ReadUInt32BigEndian(_overflow);
        }
        return true;
    }

    /// <summary>Bytes of a payload that stand in the page itself.</summary>
    private int Local(int length, bool isTable)
    {
        int usable = pages.UsableBytes;
        int most = isTable ? usable - 35 : (usable - 12) * 64 / 255 - 23;
        if (length <= most)
        {
            return length;
        }
        int least = (usable - 12) * 32 / 255 - 23;
        int fit = least + (length - least) % (usable - 4);
        return fit <= most ? fit : least;
    }

    private static SqliteRow? Parse(long? rowId, byte[] payload)
    {
        int at = 0;
        if (!Varint(payload, ref at, out long headerBytes) || headerBytes < at || headerBytes > payload.Length)
        {
            return null;
        }
        var values = new List<object?>();
        int body = (int)headerBytes;
        while (at < headerBytes)
        {
            if (!Varint(payload, ref at, out long type) || type < 0 || values.Count == 32)
            {
                return null;
            }
            long bytes = type switch { 0 or 8 or 9 => 0, < 5 => type, 5 => 6, 6 or 7 => 8, 10 or 11 => -1, _ => (type - 12) / 2 };
            if (bytes < 0 || bytes > payload.Length - body)
            {
                return null;
            }
            ReadOnlySpan<byte> value = payload.AsSpan(body, (int)bytes);
            values.Add(type switch
            {
                0 => null,
                7 => BinaryPrimitives.ReadDoubleBigEndian(value),
                8 => 0L,
                9 => 1L,
                < 7 => Integer(value),
                _ when (type & 1) == 0 => value.ToArray(),
                _ => Encoding.UTF8.GetString(value),
            });
            body += (int)bytes;
        }
        return new SqliteRow(rowId, [.. values]);
    }

    private static long Integer(ReadOnlySpan<byte> bytes)
    {
        long value = (sbyte)bytes[0];
        foreach (byte b in bytes[1..])
        {
            value = value << 8 | b;
        }
        return value;
    }

    private static bool Varint(ReadOnlySpan<byte> bytes, ref int at, out long value)
    {
        value = 0;
        for (int i = 0; i < 9; i++)
        {
            if ((uint)at >= (uint)bytes.Length)
            {
                return false;
            }
            byte b = bytes[at++];
            if (i == 8)
            {
                value = value << 8 | b;
                return true;
            }
            value = value << 7 | (long)(b & 0x7F);
            if (b < 0x80)
            {
                return true;
            }
        }
        return true;
    }
}
