using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Grains.Silos;

/// <summary>A broker to read, as a silo is told of it.</summary>
/// <param name="open">Opens the source; called once, when a reader first lives here.</param>
/// <param name="createDecoder">Makes a decoder of its messages, one a partition.</param>
/// <param name="options">How it is read.</param>
public sealed class SourceSetup(Func<IMessageSource> open, Func<MessageDecoder> createDecoder, SourceOptions options) : IAsyncDisposable
{
    private readonly Lazy<IMessageSource> _source = new(open);

    /// <summary>The source, shared by all readers of this silo.</summary>
    public IMessageSource Source => _source.Value;

    /// <summary>How it is read.</summary>
    public SourceOptions Options => options;

    /// <summary>Makes a decoder.</summary>
    public MessageDecoder CreateDecoder() => createDecoder();

    /// <summary>Closes the source where it was opened.</summary>
    public ValueTask DisposeAsync() => _source.IsValueCreated ? _source.Value.DisposeAsync() : ValueTask.CompletedTask;
}
