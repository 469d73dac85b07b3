using System.Buffers.Binary;
using System.Text;
using Foretell.Engine;

namespace Foretell.Stores.Sqlite;

/// <summary>A witness beside the log, log.ack: up to which record each partition was acknowledged (docs/formats.md).</summary>
/// <remarks>
/// SQLite drops the end of a write-ahead log at its first broken frame, since a torn write looks the same as a rotten one. Only
/// somebody else can tell that what follows had been acknowledged. Written behind each commit and in front of its answers, so
/// that it never knows more than the log; the system keeps what was written when the process ends, and a sync once a second
/// keeps it when the power does.
/// Layout, little-endian: "FTLACK" and version u16, identity (32 bytes, ASCII), partitions u32, CRC-32C of these u32; then for each
/// partition sequence i64, checksum of the last segment's row u32, CRC-32C of identity, partition and both u32. An entry lies within
/// one sector: no crash tears it.
/// Source: Alagappan et al., Protocol-Aware Recovery for Consensus-Based Storage, FAST 2018, section 3.3.
/// </remarks>
internal sealed class AcknowledgedEnds : IDisposable
{
    /// <summary>Name of the file in a data directory.</summary>
    public const string FileName = "log.ack";

    /// <summary>How long a power cut may set the file back.</summary>
    public static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    private const int HeaderBytes = 48, EntryBytes = 16, IdentityBytes = 32;

    private static ReadOnlySpan<byte> Magic => "FTLACK\x01\0"u8;

    private readonly string _identity;
    private readonly TimeProvider _time;
    private readonly DataFile _file;
    private long _synced;

    private AcknowledgedEnds(string identity, TimeProvider time, DataFile file) =>
        (_identity, _time, _file, _synced) = (identity, time, file, time.GetTimestamp());

    /// <summary>Opens the file of a log for writing.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static AcknowledgedEnds Open(string path, string identity, TimeProvider time) =>
        new(identity, time, DataFiles.Current.OpenWrite(path, anew: false));

    /// <summary>Writes the file anew, durable when the call returns but for the name of one that was not there.</summary>
    public static void Create(string path, string identity, IReadOnlyList<AcknowledgedEnd> ends)
    {
        byte[] bytes = new byte[HeaderBytes + ends.Count * EntryBytes];
        Magic.CopyTo(bytes);
        Encoding.ASCII.GetBytes(identity, bytes.AsSpan(Magic.Length, IdentityBytes));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(40), ends.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(44), Crc32C.Compute(bytes.AsSpan(0, 44)));
        for (int p = 0; p < ends.Count; p++)
        {
            Encode(bytes.AsSpan(HeaderBytes + p * EntryBytes, EntryBytes), identity, p, ends[p]);
        }
        // A file that is there gives way to a whole one; one that is new has its name for good once its folder is synced, as SQLite
        // does when it makes the log beside it.
        string written = DataFiles.Current.Exists(path) ? path + ".new" : path;
        using (DataFile file = DataFiles.Current.OpenWrite(written, anew: true))
        {
            file.Write(0, bytes);
            file.Sync();
        }
        if (written != path)
        {
            DataFiles.Current.Replace(path, written);
        }
    }

    /// <summary>What the file says.</summary>
    /// <returns>Identity of its log, and each partition's end.</returns>
    /// <exception cref="InvalidDataException">The file is damaged; the message says where.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (string Identity, AcknowledgedEnd[] Ends) Read(string path)
    {
        byte[] bytes;
        using (Stream file = DataFiles.Current.OpenRead(path))
        {
            bytes = new byte[Math.Min(file.Length, HeaderBytes + EntryBytes * (short.MaxValue + 1))];
            file.ReadExactly(bytes);
        }
        if (bytes.Length < HeaderBytes || !bytes.AsSpan().StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(44)) != Crc32C.Compute(bytes.AsSpan(0, 44)))
        {
            throw new InvalidDataException("its header fails its checksum");
        }
        int partitions = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(40));
        if (partitions is < 1 or > short.MaxValue || bytes.Length != HeaderBytes + partitions * EntryBytes)
        {
            throw new InvalidDataException($"it has {bytes.Length} bytes, which does not fit {partitions} partitions");
        }
        string identity = Encoding.ASCII.GetString(bytes, Magic.Length, IdentityBytes);
        var ends = new AcknowledgedEnd[partitions];
        Span<byte> expected = stackalloc byte[EntryBytes];
        for (int p = 0; p < partitions; p++)
        {
            ReadOnlySpan<byte> entry = bytes.AsSpan(HeaderBytes + p * EntryBytes, EntryBytes);
            ends[p] = new AcknowledgedEnd(BinaryPrimitives.ReadInt64LittleEndian(entry),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
            Encode(expected, identity, p, ends[p]);
            if (!entry.SequenceEqual(expected))
            {
                throw new InvalidDataException($"its entry of partition {p} fails its checksum");
            }
        }
        return (identity, ends);
    }

    /// <summary>A partition's records up to here are durable, and are about to be acknowledged.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(int partition, AcknowledgedEnd end)
    {
        Span<byte> entry = stackalloc byte[EntryBytes];
        Encode(entry, _identity, partition, end);
        _file.Write(HeaderBytes + (long)partition * EntryBytes, entry);
    }

    /// <summary>Makes durable what was written.</summary>
    /// <exception cref="IOException">The file cannot be synced.</exception>
    public void Sync()
    {
        _synced = _time.GetTimestamp();
        _file.Sync();
    }

    /// <summary>Syncs, unless it did a moment ago.</summary>
    public void SyncNowAndThen()
    {
        if (_time.GetElapsedTime(_synced) >= SyncInterval)
        {
            Sync();
        }
    }

    /// <summary>Syncs and closes.</summary>
    public void Dispose()
    {
        try
        {
            _file.Sync();
        }
        catch (IOException)
        {
            // A disk that fails here set the file back by a second at most.
        }
        _file.Dispose();
    }

    private static void Encode(Span<byte> entry, string identity, int partition, AcknowledgedEnd end)
    {
        BinaryPrimitives.WriteInt64LittleEndian(entry, end.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], end.Seal);
        Span<byte> place = stackalloc byte[IdentityBytes + sizeof(int)];
        Encoding.ASCII.GetBytes(identity, place);
        BinaryPrimitives.WriteInt32LittleEndian(place[IdentityBytes..], partition);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], Crc32C.Append(Crc32C.Compute(place), entry[..12]));
    }
}

/// <summary>Where a partition ended when its last append was acknowledged.</summary>
/// <param name="Sequence">Sequence number of the last record; 0 for none.</param>
/// <param name="Seal">Checksum of the row that holds the segment with that record; 0 for none, and where the row has none.</param>
internal readonly record struct AcknowledgedEnd(long Sequence, uint Seal);
