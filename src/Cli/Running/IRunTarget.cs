using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Models.Network;

namespace Foretell.Cli.Running;

/// <summary>A platform that the program feeds and shows: in this process, or made of silos in processes of their own.</summary>
internal interface IRunTarget
{
    /// <summary>The model that advances every stream.</summary>
    ForecastModel Model { get; }

    /// <summary>Appends events and returns once they are durable.</summary>
    Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellation);

    /// <summary>Counts and scores once everything up to a position is applied.</summary>
    Task<PlatformStatus> StatusAsync(Position after, CancellationToken cancellation);

    /// <summary>The streams whose silence up to now is least likely, least likely first.</summary>
    Task<IReadOnlyList<OverdueStream>> OverdueAsync(int limit, CancellationToken cancellation);

    /// <summary>Why the newest dead letter is one: its reason, and the sentence on it. Null where there is none, or nobody
    /// answers.</summary>
    Task<(string? Reason, string? Detail)> NewestDeadLetterAsync(CancellationToken cancellation);

    /// <summary>Waits until everything that was appended here is applied and committed.</summary>
    /// <returns>Counts and scores that include it.</returns>
    Task<PlatformStatus> DrainAsync(CancellationToken cancellation);

    /// <summary>SHA-256 over all streams' digests in the order of their keys' bytes.</summary>
    Task<string> StateDigestAsync(CancellationToken cancellation);

    /// <summary>The cluster's silos; empty where one process does it all.</summary>
    IReadOnlyList<SiloState> Silos();

    /// <summary>Processor time so far of every process that takes part.</summary>
    IReadOnlyList<ProcessCpu> Cpu();
}

/// <summary>Processor time of one process.</summary>
/// <param name="Name">Its program.</param>
/// <param name="Role">What it does here: "host", "client", "database" or a silo's roles.</param>
/// <param name="Label">Tells it from others of the same program: "silo 2".</param>
/// <param name="Seconds">Seconds of all its threads.</param>
internal sealed record ProcessCpu(string Name, string Role, string Label, double Seconds)
{
    /// <summary>Role of the database. What it takes is shown beside the platform's own, not added to it.</summary>
    public const string Database = "database";

    /// <summary>What was taken between two readings of the same processes.</summary>
    public static IReadOnlyList<ProcessCpu> Between(IReadOnlyList<ProcessCpu> before, IReadOnlyList<ProcessCpu> after) =>
        [.. after.Select(p =>
            p with { Seconds = Math.Round(p.Seconds - (before.FirstOrDefault(b => b.Label == p.Label)?.Seconds ?? 0), 3) })];

    /// <summary>Seconds of all processes but the database.</summary>
    public static double Total(IEnumerable<ProcessCpu> processes) =>
        Math.Round(processes.Where(p => p.Role != Database).Sum(p => p.Seconds), 3);
}
