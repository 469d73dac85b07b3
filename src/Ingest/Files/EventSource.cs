using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Events of a file, one after the other.</summary>
internal abstract class EventSource : IDisposable
{
    /// <summary>Adds the next event to a batch.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="EventFileException">The next line is no event.</exception>
    public abstract bool TryAddNext(EventBatch batch);

    /// <inheritdoc/>
    public abstract void Dispose();
}
