using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Stores.Sqlite;

namespace Foretell.Cli.Embedded;

/// <summary>The options of foretell run, checked.</summary>
internal sealed record RunSettings
{
    /// <summary>Where log and states are kept.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where to listen, and whom to let in.</summary>
    public required ListenSettings Listen { get; init; }

    /// <summary>Addresses where metrics are served to Prometheus, separated by ";"; null for none.</summary>
    public string? MetricsUrls { get; init; }

    /// <summary>Model file, or null for the default.</summary>
    public string? Model { get; init; }

    /// <summary>Marks of the general model, or null where none were named.</summary>
    public IReadOnlyList<string>? Marks { get; init; }

    /// <summary>What of the model is chosen for this host.</summary>
    public required ModelVariant Variant { get; init; }

    /// <summary>Whether streams share what they show together.</summary>
    public bool Shared { get; init; }

    /// <summary>Partitions of a new log, or null for the default.</summary>
    public int? Partitions { get; init; }

    /// <summary>Threads that advance the shards.</summary>
    public required int Threads { get; init; }

    /// <summary>How late an event may be, or null for what the log says.</summary>
    public TimeSpan? LateTolerance { get; init; }

    /// <summary>How far ahead an event may be, or null for what the log says.</summary>
    public TimeSpan? FutureTolerance { get; init; }

    /// <summary>How long the log keeps events, or null for ever.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Most streams, or null for what the log says.</summary>
    public long? MaxStreams { get; init; }

    /// <summary>Most new streams in a minute, or null for what the log says.</summary>
    public long? MaxNewStreams { get; init; }

    /// <summary>Survival probability below which a stream is overdue; 0 for no alerts.</summary>
    public required double AlertSurvival { get; init; }

    /// <summary>Log lines instead of a screen.</summary>
    public bool Plain { get; init; }

    /// <summary>File to send first, or null.</summary>
    public FileInput? Input { get; init; }

    /// <summary>Broker to read, or null.</summary>
    public SourceInput? Source { get; init; }

    /// <summary>Hub to publish to, or null.</summary>
    public PublishTarget? Publish { get; init; }

    /// <summary>The platform's options for these settings.</summary>
    /// <exception cref="UsageException">Streams are to share, and the model does not adapt.</exception>
    public EmbeddedOptions ToOptions(string directory, ForecastModel model) => new()
    {
        Shared = Shared && !model.Config.Adapt
            ? throw new UsageException($"{CommonSettings.SharedName} needs a model that adapts: streams can share only what adaptation tells. Train one, or give --adapt, too, with a new data folder.")
            : Shared,
        OpenStorage = SqliteStorage.In(directory, Partitions),
        Model = model,
        Threads = Threads,
        LateTolerance = LateTolerance,
        FutureTolerance = FutureTolerance,
        Retain = Retain,
        MaxStreams = MaxStreams,
        MaxNewStreamsPerMinute = MaxNewStreams,
        Alerts = new AlertRule { Survival = AlertSurvival },
    };
}
