using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Foretell.Engine.Events;
using Foretell.Models.Network;

namespace Foretell.Engine.Rows;

/// <summary>Encodes a page of rows for the store, and reads it back.</summary>
/// <remarks>
/// Page, little-endian: CRC-32C of the rest u32, format u16, rows u16, page number u32, floats per row u32;
/// then all headers (64 bytes each), all states, and per row the key's length u16 with the key. Where states grow
/// (format 2) each key is followed by its row's tail: length in floats i32, then the floats. Rows stand in slab
/// order: row i of page p is row p x rowsPerPage + i.
/// </remarks>
internal static class RowPage
{
    private const int HeaderBytes = 16;
    private const int Format = 1, FormatWithTails = 2;

    // A page and its row in SQLite's tree should fill one SQLite page of 16 KB and no second one.
    private const int TargetBytes = 15 << 10;
    private const int TypicalKeyBytes = 24;

    /// <summary>Rows a page should hold for a model's states, at least 1; just 1 where they grow, since a commit writes whole
    /// pages.</summary>
    public static int RowsFor(ForecastModel model) => model.Grows ? 1 :
        Math.Max(1, (TargetBytes - HeaderBytes) / (RowHeader.Bytes + model.StateBytes + sizeof(ushort) + TypicalKeyBytes));

    /// <summary>Bytes of a page.</summary>
    public static int Length(Slab slab, int page)
    {
        (int first, int rows) = Rows(slab, page);
        int length = HeaderBytes + rows * (RowHeader.Bytes + slab.StateFloats * sizeof(float) + sizeof(ushort));
        for (int row = first; row < first + rows; row++)
        {
            length += slab.Index.Key(row).Length + (slab.Grows ? sizeof(int) + slab.TailFloats(row) * sizeof(float) : 0);
        }
        return length;
    }

    /// <summary>The checksum that a page carries.</summary>
    public static uint Crc(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt32LittleEndian(page);

    /// <summary>Writes a page; <paramref name="bytes"/> has exactly its length.</summary>
    public static void Encode(Slab slab, int page, Span<byte> bytes)
    {
        (int first, int rows) = Rows(slab, page);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], FormatOf(slab));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], checked((ushort)rows));
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], page);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], slab.StateFloats);
        Parts(bytes, rows, slab.StateFloats, out Span<RowHeader> headers, out Span<float> states, out Span<byte> keys);
        for (int i = 0; i < rows; i++)
        {
            headers[i] = slab.Header(first + i);
            slab.Backend.Read(first + i, states.Slice(i * slab.StateFloats, slab.StateFloats));
            ReadOnlySpan<byte> key = slab.Index.Key(first + i);
            BinaryPrimitives.WriteUInt16LittleEndian(keys, (ushort)key.Length);
            key.CopyTo(keys[sizeof(ushort)..]);
            keys = keys[(sizeof(ushort) + key.Length)..];
            if (slab.Grows)
            {
                float[] row = slab.ReadRow(first + i);
                ReadOnlySpan<byte> tail = MemoryMarshal.AsBytes(row.AsSpan(slab.StateFloats));
                BinaryPrimitives.WriteInt32LittleEndian(keys, tail.Length / sizeof(float));
                tail.CopyTo(keys[sizeof(int)..]);
                keys = keys[(sizeof(int) + tail.Length)..];
            }
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(bytes[4..]));
    }

    /// <summary>Appends a page's rows to a slab; pages come in ascending order, each full but the last.</summary>
    /// <exception cref="InvalidDataException">The page is damaged, missing a predecessor, or of another model.</exception>
    public static void Decode(Span<byte> bytes, Slab slab)
    {
        int page = slab.Count / slab.RowsPerPage;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Compute(bytes[4..]))
        {
            throw new InvalidDataException($"page {page} fails its checksum");
        }
        int format = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        int rows = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        int number = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        int floats = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        if (format != FormatOf(slab) || floats != slab.StateFloats || rows > slab.RowsPerPage)
        {
            throw new InvalidDataException($"page {number} has format {format}, {rows} rows and {floats} floats a row, "
                + $"expected format {FormatOf(slab)}, at most {slab.RowsPerPage} rows and {slab.StateFloats} floats");
        }
        if (number != page || slab.Count % slab.RowsPerPage != 0)
        {
            throw new InvalidDataException($"page {number} was found where page {page} was expected");
        }
        // The product may lie beyond an int where rows are long.
        if (rows == 0 || HeaderBytes + rows * (RowHeader.Bytes + (long)floats * sizeof(float)) > bytes.Length)
        {
            throw new InvalidDataException($"page {page} has {bytes.Length} bytes, too few for its {rows} rows");
        }
        Parts(bytes, rows, floats, out Span<RowHeader> headers, out Span<float> states, out Span<byte> keys);
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<byte> key = Take(ref keys, keys.Length < sizeof(ushort) ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(keys),
                sizeof(ushort), page);
            Check(headers[i], key, slab, page);
            Span<float> state = states.Slice(i * floats, floats);
            if (slab.Grows)
            {
                long length = keys.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(keys) * (long)sizeof(float);
                ReadOnlySpan<byte> tail = Take(ref keys, length, sizeof(int), page);
                float[] all = new float[floats + tail.Length / sizeof(float)];
                state.CopyTo(all);
                tail.CopyTo(MemoryMarshal.AsBytes(all.AsSpan(floats)));
                state = all;
            }
            int row = slab.Add(key);
            slab.Header(row) = headers[i];
            try
            {
                slab.Backend.Write(row, state);
            }
            catch (ArgumentException e)
            {
                throw new InvalidDataException($"page {page} has a row that no step can go on from: {e.Message}", e);
            }
        }
        if (!keys.IsEmpty)
        {
            throw new InvalidDataException($"page {page} has {keys.Length} bytes behind its {rows} rows");
        }
    }

    /// <summary>Takes a part with its length before it.</summary>
    private static ReadOnlySpan<byte> Take(ref Span<byte> rest, long length, int lengthBytes, int page)
    {
        if (length < 0 || length > rest.Length - lengthBytes)
        {
            throw new InvalidDataException($"page {page} has a key or tail of {length} bytes where {rest.Length} are left");
        }
        ReadOnlySpan<byte> taken = rest.Slice(lengthBytes, (int)length);
        rest = rest[(lengthBytes + (int)length)..];
        return taken;
    }

    /// <summary>Refuses what no shard has written: the row's numbers lead into tables, and its time into a calendar.</summary>
    private static void Check(in RowHeader header, ReadOnlySpan<byte> key, Slab slab, int page)
    {
        if (key.Length is 0 or > EventBatch.MaxTextBytes || slab.Index.Find(key) >= 0)
        {
            throw new InvalidDataException($"page {page} has a key of {key.Length} bytes that is none, or that an earlier row has");
        }
        if (header.Count < 1 || header.LastSequence < 1 || (uint)header.LastMark > (uint)slab.Model.UnknownMark
            || !EventTime.IsValid(header.LastEventTicks))
        {
            throw new InvalidDataException($"page {page} has a row of {header.Count} events, the last of them record {header.LastSequence} "
                + $"with mark {header.LastMark} at {header.LastEventTicks}, and a mark is 0 to {slab.Model.UnknownMark}");
        }
    }

    private static ushort FormatOf(Slab slab) => (ushort)(slab.Grows ? FormatWithTails : Format);

    private static (int First, int Rows) Rows(Slab slab, int page) =>
        (page * slab.RowsPerPage, Math.Min(slab.RowsPerPage, slab.Count - page * slab.RowsPerPage));

    private static void Parts(Span<byte> bytes, int rows, int floats, out Span<RowHeader> headers, out Span<float> states,
        out Span<byte> keys)
    {
        int stateBytes = rows * floats * sizeof(float);
        headers = MemoryMarshal.Cast<byte, RowHeader>(bytes.Slice(HeaderBytes, rows * RowHeader.Bytes));
        states = MemoryMarshal.Cast<byte, float>(bytes.Slice(HeaderBytes + rows * RowHeader.Bytes, stateBytes));
        keys = bytes[(HeaderBytes + rows * RowHeader.Bytes + stateBytes)..];
    }
}
