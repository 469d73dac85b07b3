using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;

namespace Foretell.Faults.Worlds;

/// <summary>The platform as clients meet it: somewhere behind a network, up or down. Whatever ends with an exception may have taken
/// effect or not.</summary>
internal interface IWorld
{
    /// <summary>Which process answers, as far as a client can tell: another number after each restart or move.</summary>
    long Generation { get; }

    /// <summary>Whether what it does not take by now will never be taken.</summary>
    bool IsGivenUp { get; }

    /// <summary>Appends a batch.</summary>
    Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request);

    /// <summary>Waits until a position is applied.</summary>
    Task WaitAppliedAsync(Position position, CancellationToken cancellationToken);

    /// <summary>Asks for a stream.</summary>
    Task<StreamSnapshot?> FindAsync(string stream);
}
