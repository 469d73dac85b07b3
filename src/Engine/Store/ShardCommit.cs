using System.Buffers;
using Foretell.Engine.Events;

namespace Foretell.Engine.Store;

/// <summary>A consistent copy of what changed in a shard since its last commit.</summary>
public sealed class ShardCommit(ShardHeader header) : IDisposable
{
    private readonly List<(int Page, byte[] Bytes, int Length)> _pages = [];

    /// <summary>Header as of the copy.</summary>
    public ShardHeader Header { get; internal set; } = header;

    /// <summary>Dead letters that no commit holds yet.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters { get; init; } = [];

    /// <summary>Pages, in ascending order of their numbers.</summary>
    public int PageCount => _pages.Count;

    /// <summary>Number and bytes of a page.</summary>
    public (int Number, ReadOnlyMemory<byte> Bytes) Page(int index) =>
        (_pages[index].Page, _pages[index].Bytes.AsMemory(0, _pages[index].Length));

    /// <summary>Adds a page and returns its memory to fill.</summary>
    public Span<byte> AddPage(int number, int length)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        _pages.Add((number, bytes, length));
        return bytes.AsSpan(0, length);
    }

    /// <summary>Gives the pages' memory back.</summary>
    public void Dispose()
    {
        foreach ((int _, byte[] bytes, int _) in _pages)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
        _pages.Clear();
    }
}
