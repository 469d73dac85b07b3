using Foretell.Engine.Alerts;
using Foretell.Engine.Log;

namespace Foretell.Grains.Contracts;

/// <summary>Publishes one feed to a sink. Its key is that of <see cref="Silos.SinkSetup.KeyOf"/>.</summary>
[Alias("foretell.sink")]
public interface ISinkGrain : IGrainWithStringKey
{
    /// <summary>Makes the publisher exist, and tells how it fares. Every silo calls it, so that it comes back after any loss.</summary>
    [Alias("keep-publishing"), ResponseTimeout("00:00:03")]
    Task<SinkStatus> KeepPublishing();
}

/// <summary>How the publishing of one feed to a sink does.</summary>
[GenerateSerializer, Immutable, Alias("foretell.sink-status")]
public sealed record SinkStatus
{
    /// <inheritdoc cref="SinkProgress.Number"/>
    [Id(0)] public required long Number { get; init; }

    /// <inheritdoc cref="SinkProgress.Published"/>
    [Id(1)] public required long Published { get; init; }

    /// <inheritdoc cref="SinkProgress.Missed"/>
    [Id(2)] public required long Missed { get; init; }

    /// <inheritdoc cref="SinkProgress.Problem"/>
    [Id(3)] public string? Problem { get; init; }

    internal SinkProgress ToProgress(string sink, string feed) =>
        new(new SourcePartition(AlertRetention.SinkPrefix + sink, feed), Number, Published, Missed, Problem);

    internal static SinkStatus Of(SinkProgress progress) => new()
    {
        Number = progress.Number,
        Published = progress.Published,
        Missed = progress.Missed,
        Problem = progress.Problem,
    };
}
