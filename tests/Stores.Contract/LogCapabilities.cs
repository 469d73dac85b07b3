using Foretell.Engine.Log;

namespace Foretell.Stores.Contract;

/// <summary>What a kind of log can do beside appending and reading; the tests of what it does not claim are skipped, by name.</summary>
[Flags]
public enum LogCapabilities
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary>A repeated request is answered as the first time and appends nothing (<see cref="IdempotentRequest"/>).</summary>
    IdempotencyKeys = 1,

    /// <summary>Control records reach every partition, all or none (<see cref="IEventLog.AppendControlAsync"/>).</summary>
    ControlRecords = 2,

    /// <summary>The traces of sampled appends lie beside their records.</summary>
    Traces = 4,

    /// <summary>A test can make its writes fail, and mend them.</summary>
    FailingWrites = 8,

    /// <summary>Several processes append to it and read it at once.</summary>
    SharedByProcesses = 16,

    /// <summary>How far a broker was read lies beside what was read (<see cref="IEventLog.AppendSourceAsync"/>).</summary>
    Sources = 32,

    /// <summary>All of these.</summary>
    All = IdempotencyKeys | ControlRecords | Traces | FailingWrites | SharedByProcesses | Sources,
}
