using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Foretell.Cli.Views;
using Foretell.Ingest;
using Foretell.Models;

namespace Foretell.Cli.Commands;

/// <summary>foretell train: fits a model to event sequences and writes its weights file.</summary>
internal static class TrainCommand
{
    private static readonly Option<string> Train = Settings.Text("--train", "file", "Event file to learn from.", required: true);
    private static readonly Option<string> Dev = Settings.Text("--dev", "file", "Event file that decides when to stop.", required: true);
    private static readonly Option<string> Out = Settings.Text("--out", "file", "Where to write the model (safetensors).", required: true);
    private static readonly Option<string> TimeUnit = CommonSettings.TimeUnit();
    private static readonly Option<string> Mixer = Settings.Typed("--mixer", "name",
        "Attention part of a layer: aaren (constant state), linear (constant, larger) or softmax (grows with the events; tova, window and h2o bound it afterwards).", "aaren", ParseMixer);
    private static readonly Option<bool> NoDecay = Settings.Flag("--no-decay", "The papers' plain forms: heads do not forget.");
    private static readonly Option<int> Width = Settings.Number("--width", "Hidden width, a multiple of 16.", 16, 1024, 64);
    private static readonly Option<int> Layers = Settings.Number("--layers", "Number of layers.", 1, 16, 2);
    private static readonly Option<int> Heads = Settings.Number("--heads", "Attention heads a layer, a divisor of --width.", 1, 16, 4);
    private static readonly Option<int> Components = Settings.Number("--components", "Log-normals in the mixture of inter-event times, a multiple of 16.", 16, 128, 16);
    private static readonly Option<int?> Epochs = Settings.OptionalNumber("--epochs", "Passes over the training file; by default as many as the recipe finds right.", 1, 100_000);
    private static readonly Option<int> Seed = Settings.Number("--seed", "Seed of every random choice.", 0, int.MaxValue, 1);
    private static readonly Option<int> Threads = CommonSettings.Threads();
    private static readonly Option<string> Resolution = Settings.Typed("--resolution", "auto|none|x",
        "Clock grid of the times, in time units: auto finds it, none treats times as continuous.", "auto", ParseResolution);
    private static readonly Option<EventColumns?> Columns = CommonSettings.Columns();

    public static Command Create()
    {
        var verb = new Verb("train", "Trains a model on event sequences.",
            "train --train train.jsonl --dev dev.jsonl --out model.safetensors --time-unit hours",
            "train --train a.csv --dev b.csv --columns stream=user,time=at,mark=kind --out m.safetensors",
            "train --train train.jsonl --dev dev.jsonl --out plain.safetensors --no-decay --epochs 20")
        {
            Train, Dev, Out, TimeUnit, Mixer, NoDecay, Width, Layers, Heads, Components, Epochs, Seed, Threads, Resolution, Columns,
        };
        verb.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        ModelConfig shape = ReadShape(parsed);
        string output = Path.GetFullPath(parsed.GetRequiredValue(Out));
        RequireWritable(output);

        IReadOnlyList<EventSequence> train = EventFile.ReadSequences(parsed.GetRequiredValue(Train), shape.TimeUnitSeconds, parsed.GetValue(Columns));
        IReadOnlyList<EventSequence> dev = EventFile.ReadSequences(parsed.GetRequiredValue(Dev), shape.TimeUnitSeconds, parsed.GetValue(Columns));
        var options = new TrainingOptions
        {
            Shape = shape,
            Resolution = ParseResolution(parsed.GetRequiredValue(Resolution)),
            Epochs = parsed.GetValue(Epochs),
            Seed = parsed.GetValue(Seed),
            Threads = parsed.GetValue(Threads),
        };

        var clock = Stopwatch.StartNew();
        TrainingResult result = TrainView.Show(progress => Trainer.Train(train, dev, options, progress, cancellation));
        result.Model.Save(output);
        TrainView.Summarise(result, train, dev, output, clock.Elapsed);
        return ExitCode.Success;
    }

    private static ModelConfig ReadShape(ParseResult parsed)
    {
        var shape = new ModelConfig
        {
            Width = parsed.GetValue(Width),
            Layers = parsed.GetValue(Layers),
            Heads = parsed.GetValue(Heads),
            Components = parsed.GetValue(Components),
            Mixer = parsed.GetRequiredValue(Mixer),
            Decay = !parsed.GetValue(NoDecay),
            TimeUnitSeconds = Durations.ParseTimeUnit(parsed.GetRequiredValue(TimeUnit)),
        };
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

    /// <summary>Training takes minutes: find out before it whether its result can be kept.</summary>
    private static void RequireWritable(string output)
    {
        if (Directory.Exists(output))
        {
            throw new CliException($"--out must name a file, but {output} is a folder.");
        }
        string folder = Path.GetDirectoryName(output)!;
        if (!Directory.Exists(folder))
        {
            throw new CliException($"The folder {folder} of --out does not exist; make it first.");
        }
    }

    private static string ParseMixer(string text) => text is "aaren" or "linear" or "softmax"
        ? text
        : throw new CliException($"--mixer must be aaren, linear or softmax at training, got '{text}'. tova, window, window+i and h2o bound a trained softmax model: "
            + "train with --mixer softmax, and name the policy where the model is used, as in 'foretell eval --mixer tova --states 64'.");

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
