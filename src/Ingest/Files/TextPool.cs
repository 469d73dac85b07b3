using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>One string for each distinct text: a file of millions of events has few distinct marks.</summary>
internal sealed class TextPool
{
    private readonly HashSet<string> _texts = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public TextPool() => _lookup = _texts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The string of a UTF-8 text of at most 256 bytes.</summary>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        Span<char> characters = stackalloc char[EventBatch.MaxTextBytes];
        ReadOnlySpan<char> text = characters[..Encoding.UTF8.GetChars(utf8, characters)];
        if (!_lookup.TryGetValue(text, out string? pooled))
        {
            pooled = text.ToString();
            _texts.Add(pooled);
        }
        return pooled;
    }
}
