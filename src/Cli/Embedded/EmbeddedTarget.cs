using Foretell.Cli.Running;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Models.Network;

namespace Foretell.Cli.Embedded;

/// <summary>The embedded platform in this process.</summary>
internal sealed class EmbeddedTarget(EmbeddedPlatform platform) : IRunTarget
{
    public ForecastModel Model => platform.Model;

    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellation) =>
        platform.AppendAsync(batch, request, cancellation);

    public async Task<PlatformStatus> StatusAsync(Position after, CancellationToken cancellation)
    {
        await platform.WaitAppliedAsync(after, cancellation);
        return platform.Status();
    }

    public Task<IReadOnlyList<OverdueStream>> OverdueAsync(int limit, CancellationToken cancellation) =>
        platform.OverdueAsync(new OverdueQuestion(EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), limit), cancellation);

    public async Task<(string? Reason, string? Detail)> NewestDeadLetterAsync(CancellationToken cancellation) =>
        await platform.DeadLettersAsync(1, cancellation) is [var newest, ..] ? (newest.Reason, newest.Detail) : default;

    public async Task<PlatformStatus> DrainAsync(CancellationToken cancellation)
    {
        await platform.DrainAsync(cancellation);
        return platform.Status();
    }

    public Task<string> StateDigestAsync(CancellationToken cancellation) => platform.StateDigestAsync(cancellation);

    public IReadOnlyList<SiloState> Silos() => [];

    public IReadOnlyList<ProcessCpu> Cpu() => [new("foretell", "host", "foretell", Environment.CpuUsage.TotalTime.TotalSeconds)];
}
