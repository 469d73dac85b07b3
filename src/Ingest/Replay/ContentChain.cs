using System.Security.Cryptography;

namespace Foretell.Ingest.Replay;

/// <summary>Names each part of a content by that part and all before it. Read once from the start, the same content gets the same names,
/// and one that differs gets others from the first difference on: keys for requests that are safe to repeat, in one pass.</summary>
public sealed class ContentChain
{
    private byte[] _digest = [];

    /// <summary>The name of the next part: 32 hex digits.</summary>
    public string Next(ReadOnlySpan<byte> part)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(_digest);
        sha.AppendData(part);
        _digest = sha.GetHashAndReset();
        return Convert.ToHexStringLower(_digest.AsSpan(0, 16));
    }
}
