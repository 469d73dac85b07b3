using System.IO.Compression;
using ZstdSharp;

namespace Foretell.Ingest.Files;

/// <summary>Unpacks files by their first bytes, whatever they are called.</summary>
internal static class Compression
{
    /// <summary>Bytes that <see cref="Unpack"/> looks at.</summary>
    public const int HeadBytes = 8;

    /// <summary>Formats that hold folders or are rare for events; each names the program that writes it out as a stream.</summary>
    private static readonly (byte[] Magic, string Name, string Program)[] s_others =
    [
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive", "unzip -p FILE"),
        ([0x42, 0x5A, 0x68], "a bzip2 file", "bzip2 -dc FILE"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file", "xz -dc FILE"),
        ([0x04, 0x22, 0x4D, 0x18], "an lz4 file", "lz4 -dc FILE"),
    ];

    /// <summary>The stream as it is, or unpacked where it is gzip or zstd.</summary>
    /// <param name="packed">The bytes of the file.</param>
    /// <param name="name">The file, for errors.</param>
    /// <exception cref="EventFileException">It is packed in another way; the message says how to feed it.</exception>
    public static Stream Unpack(PeekedStream packed, string name)
    {
        ReadOnlySpan<byte> head = packed.Head;
        if (IsGzip(head))
        {
            return new GZipStream(packed, CompressionMode.Decompress);
        }
        if (IsZstandard(head))
        {
            // Its window takes at most 128 MiB, the format's own default limit.
            return new DecompressionStream(packed, leaveOpen: false);
        }
        foreach ((byte[] magic, string kind, string program) in s_others)
        {
            if (head.StartsWith(magic))
            {
                throw new EventFileException(name, 0,
                    $"This is {kind}; gzip and zstd files are read as they are. Feed it through a pipe: {program} | foretell ... with - for the file's name.");
            }
        }
        return packed;
    }

    /// <summary>True for a file that was packed twice: what is unpacked is packed again.</summary>
    public static bool IsPacked(ReadOnlySpan<byte> head) => IsGzip(head) || IsZstandard(head);

    /// <summary>The file's name without the ending that its packing gave it.</summary>
    public static string WithoutEnding(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".gz" or ".gzip" or ".zst" or ".zstd" ? Path.ChangeExtension(path, null) : path;

    private static bool IsGzip(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);

    // A frame, or a skippable one, of which 16 exist, in front of it.
    private static bool IsZstandard(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
        || (head.Length >= 4 && (head[0] & 0xF0) == 0x50 && head[1..].StartsWith((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18]));
}
