namespace Foretell.Engine.Log;

/// <summary>How far a request is on its way through an <see cref="AppendQueue"/>; changed under the queue's lock.</summary>
internal enum AppendStage
{
    /// <summary>Not in a queue.</summary>
    New,

    /// <summary>In the queue; may still be dropped.</summary>
    Waiting,

    /// <summary>With the writer.</summary>
    Taken,

    /// <summary>Its caller went before the writer took it.</summary>
    Dropped,
}
