using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Events of a file, one after the other. The file stays its opener's to close.</summary>
internal abstract class EventSource
{
    /// <summary>Adds the next event to a batch.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="EventFileException">The next line is no event.</exception>
    public abstract bool TryAddNext(EventBatch batch);
}
