using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Data;
using Foretell.Cli.Shell;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Cli.Options;

/// <summary>Options of the verbs that train: data, shape and length of a training.</summary>
/// <param name="needsFiles">Whether --train and --dev must be there.</param>
internal sealed class TrainingSettings(bool needsFiles)
{
    /// <summary>File to learn from.</summary>
    public Option<string> Train { get; } = Settings.Text("--train", "file", $"Event file to learn from. {CommonSettings.FileKinds}", required: needsFiles);

    /// <summary>File that decides when to stop.</summary>
    public Option<string> Dev { get; } = Settings.Text("--dev", "file", "Event file that decides when to stop.", required: needsFiles);

    private readonly Option<string> _timeUnit = CommonSettings.TimeUnit();
    private readonly Option<int> _maxMarks = Settings.Number("--max-marks",
        "Most marks that the model tells apart; rarer ones fold into one mark, 'other'.", 2, ModelLimits.Marks, TrainingOptions.DefaultMaxMarks);
    private readonly Option<int> _width = Settings.Number("--width", "Hidden width, a multiple of 16.", 16, 1024, 64);
    private readonly Option<int> _layers = Settings.Number("--layers", "Number of layers.", 1, 16, 2);
    private readonly Option<int> _heads = Settings.Number("--heads", "Attention heads a layer, a divisor of --width.", 1, 16, 4);
    private readonly Option<int> _components =
        Settings.Number("--components", "Log-normals in the mixture of inter-event times, a multiple of 16.", 16, 128, 16);
    private readonly Option<int?> _epochs =
        Settings.OptionalNumber("--epochs", "Passes over the training file; by default as many as the recipe finds right.", 1, 100_000);
    private readonly Option<int> _threads = CommonSettings.Threads();
    private readonly Option<string> _resolution = Settings.Typed("--resolution", "auto|none|x",
        "Clock grid of the times, in time units: auto finds it, none treats times as continuous.", "auto", ParseResolution);
    private readonly Option<EventColumns?> _columns = CommonSettings.Columns();
    private readonly Option<TimeZoneInfo?> _zone = CommonSettings.Zone();

    /// <summary>The options that a verb adds behind its own.</summary>
    public IEnumerable<Option> Shared =>
        [_timeUnit, _maxMarks, _width, _layers, _heads, _components, _epochs, _threads, _resolution, _columns, _zone];

    /// <summary>Those of them that say how data is read: without meaning where none is.</summary>
    public IEnumerable<Option> OfData => [_timeUnit, _maxMarks, _components, _resolution, _columns, _zone];

    /// <summary>Whether a width is asked for.</summary>
    public bool HasWidth(ParseResult parsed) => parsed.GetResult(_width) is { Implicit: false };

    /// <summary>What the options say; mixer, decay, learning rate and seed stand at their defaults.</summary>
    /// <exception cref="UsageException">The shape is not allowed.</exception>
    public TrainingOptions Read(ParseResult parsed) => new()
    {
        Shape = Check(new ModelConfig
        {
            Width = parsed.GetValue(_width),
            Layers = parsed.GetValue(_layers),
            Heads = parsed.GetValue(_heads),
            Components = parsed.GetValue(_components),
            TimeUnitSeconds = UnitSeconds(parsed),
        }),
        MaxMarks = parsed.GetValue(_maxMarks),
        Resolution = ParseResolution(parsed.GetRequiredValue(_resolution)),
        Epochs = parsed.GetValue(_epochs),
        Threads = parsed.GetValue(_threads),
    };

    /// <summary>The sequences of a file that an option names, in the model's time unit.</summary>
    public IReadOnlyList<EventSequence> ReadSequences(ParseResult parsed, Option<string> file, ObservationEnd? until = null,
        bool byWeek = false) =>
        EventFile.ReadSequences(parsed.GetRequiredValue(file), UnitSeconds(parsed), parsed.GetValue(_columns), until,
            parsed.GetValue(_zone), byWeek: byWeek);

    /// <summary>Two files, or one that is split: whichever the options name.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="data">Option of the one file.</param>
    /// <param name="until">When the watching ended, or null.</param>
    /// <exception cref="UsageException">Neither is named, or both.</exception>
    public TrainingData ReadData(ParseResult parsed, Option<string> data, ObservationEnd? until)
    {
        (string? one, string? train, string? dev) = (parsed.GetValue(data), parsed.GetValue(Train), parsed.GetValue(Dev));
        if (one is not null)
        {
            return train is null && dev is null
                ? TrainingData.Of(one, parsed.GetResult(_timeUnit) is { Implicit: false } ? UnitSeconds(parsed) : null,
                    parsed.GetValue(_columns), until, parsed.GetValue(_zone))
                : throw new UsageException("--data names one file that is split by itself; it does not go together with --train and --dev.");
        }
        return train is not null && dev is not null
            ? new TrainingData(ReadSequences(parsed, Train, until), ReadSequences(parsed, Dev, until), UnitSeconds(parsed))
            : throw new UsageException("--data is needed, or --train and --dev.");
    }

    private double UnitSeconds(ParseResult parsed) => Durations.ParseTimeUnit(parsed.GetRequiredValue(_timeUnit));

    private static ModelConfig Check(ModelConfig shape)
    {
        try
        {
            shape.Validate();
            return shape;
        }
        catch (ArgumentException bad)
        {
            throw new UsageException(bad.Message);
        }
    }

    /// <summary>Null stands for "find it in the data".</summary>
    private static double? ParseResolution(string text) => text switch
    {
        "auto" => null,
        "none" => 0,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double grid) && double.IsFinite(grid) && grid > 0
            ? grid
            : throw new CliException($"--resolution must be auto, none or a number of time units above 0, got '{text}'."),
    };
}
