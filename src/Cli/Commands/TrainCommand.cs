using System.CommandLine;
using System.Diagnostics;
using Foretell.Cli.Data;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Files;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Cli.Commands;

/// <summary>foretell train: fits a model to event sequences and writes its weights file.</summary>
internal static class TrainCommand
{
    private static readonly TrainingSettings s_training = new(needsFiles: false);
    private static readonly Option<string> s_data = Settings.Text("--data", "file",
        "One event file instead of --train and --dev: a fifth of it becomes dev, by stream where there are 50 or more, else by time; an event file's time unit is found, unless --time-unit names it.");
    private static readonly Option<string> s_out =
        Settings.Text("--out", "file", "Where to write the model (safetensors).", required: true);
    private static readonly Option<string> s_mixer = Settings.Typed("--mixer", "name",
        "Attention part of a layer: aaren (constant state), linear (constant, larger) or softmax (grows with the events; tova, window and h2o bound it afterwards).", "aaren", ParseMixer);
    private static readonly Option<bool> s_noAdapt = Settings.Flag("--no-adapt",
        "Forecasts as trained, also later: they do not follow what each stream shows of its own.");
    private static readonly Option<bool> s_noDecay = Settings.Flag("--no-decay", "The papers' plain forms: heads do not forget.");
    private static readonly Option<double> s_learningRate =
        Settings.Number("--learning-rate", "Learning rate after the warm-up.", 1e-6, 1, TrainingOptions.DefaultLearningRate);
    private static readonly Option<int> s_seed = Settings.Number("--seed", "Seed of every random choice.", 0, int.MaxValue, 1);
    private static readonly Option<string> s_device = Settings.Typed("--device", "auto|cpu|torch-cpu|cuda",
        "Where to train: cpu is the program's own trainer; torch-cpu and cuda (a GPU) need an edition built with Torch; auto takes the GPU where there is one, else cpu.",
        TrainingDevice.Auto, TrainingDevice.Parse);
    private static readonly Option<bool> s_whole = Settings.Flag("--whole",
        "Every stream is whole: behind its last event none comes. The model then tells how likely a stream is over, and when its last event comes.");
    private static readonly Option<string> s_actions = Settings.Text("--actions", "mail,call",
        "Marks that are your own doing, with commas between them: a host then ranks them by what they are expected to bring (GET /v1/streams/{stream}/actions).");
    private static readonly Option<string> s_values = Settings.Text("--values", "a,b",
        "Values to read and forecast, of those that events carry; all by default, and none for none.");
    private static readonly Option<string> s_reward = Settings.Text("--reward", "value", "The value whose sum actions are to make large.");
    private static readonly OpenEndSettings s_openEnds = new("Count the silence after each stream's last event, up to the end of observation, and learn how likely it is that no next event comes at all.");

    private static readonly Option<bool> s_json = CommonSettings.Json();

    public static Command Create()
    {
        var verb = new Verb("train", "Trains a model on event sequences.",
            "train --data events.csv --columns stream=user,time=at,mark=kind --out model.safetensors",
            "train --train train.jsonl --dev dev.jsonl --out model.safetensors --time-unit hours",
            "train --train a.csv --dev b.csv --columns stream=user,time=at,mark=kind --out m.safetensors",
            "train --train train.jsonl --dev dev.jsonl --out plain.safetensors --no-decay --epochs 20",
            "train --train cases.jsonl --dev later.jsonl --out cases.safetensors --time-unit days --whole",
            "train --data shop.ndjson --out shop.safetensors --actions nothing,mail,discount --reward amount",
            "train --data events.csv --out model.safetensors --device cpu",
            "train --train shop.csv --dev dev.csv --out churn.safetensors --time-unit days --censored --until 2026-06-30T00:00:00Z")
        {
            s_data, s_training.Train, s_training.Dev, s_out, s_mixer, s_noDecay, s_noAdapt, s_whole, s_values,
            s_actions, s_reward, s_openEnds.Censored, s_openEnds.Until,
            s_learningRate, s_seed, s_device, s_json,
        };
        verb.AddAll(s_training.Shared);
        verb.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        ObservationEnd? until = s_openEnds.End(parsed);
        if (parsed.GetValue(s_whole) && until is not null)
        {
            throw new UsageException("--whole says that every stream is over, and --censored that each may go on behind what was seen of it; give one of them.");
        }
        TrainingOptions options = s_training.Read(parsed);
        options = options with
        {
            Shape = options.Shape with { Mixer = parsed.GetRequiredValue(s_mixer), Decay = !parsed.GetValue(s_noDecay),
                Adapt = !parsed.GetValue(s_noAdapt),
                Censored = parsed.GetValue(s_openEnds.Censored) },
            WholeStreams = parsed.GetValue(s_whole),
            Values = parsed.GetValue(s_values) is not { } values ? null : values == "none" ? [] : Settings.List(values),
            Decisions = ActionsOf(parsed.GetValue(s_actions), parsed.GetValue(s_reward)),
            LearningRate = parsed.GetValue(s_learningRate),
            Seed = parsed.GetValue(s_seed),
        };
        string output = Path.GetFullPath(parsed.GetRequiredValue(s_out));
        RequireWritable(output);
        var device = TrainingDevice.Open(parsed.GetRequiredValue(s_device), options.Threads);
        TrainingData data = s_training.ReadData(parsed, s_data, until);
        options = options with { Shape = options.Shape with { TimeUnitSeconds = data.UnitSeconds } };
        bool isJson = parsed.GetValue(s_json);
        UnknownMarks unknown = UnknownMarks.In(data.Dev, data.Train.SelectMany(s => s.Marks ?? []).Where(m => m.Length > 0));
        List<string> remarks = DataRemarks.OfTraining(data.Train, data.Dev, data.UnitSeconds, unknown);
        if (!isJson)
        {
            TrainView.Announce(data, remarks);
        }

        var clock = Stopwatch.StartNew();
        TrainingResult result = TrainView.Show(isJson, device.Name,
            progress => device.Train(data.Train, data.Dev, options, progress, cancellation));
        double? cost = options.Shape.Adapt ? AdaptationCost.Of(result.Model, data.Dev, options.Threads) : null;
        // Where adapting costs on dev, the model forecasts as trained.
        result = result with { Model = result.Model.WithAdaptation(cost <= AdaptationCost.Tolerable) };
        result.Model.Save(output);
        // Success is told of what can be opened, not of what was meant to be written.
        ForecastModel.Load(output);
        if (isJson)
        {
            JsonOutput.Write(TrainingReport.Of(result, cost, data, unknown, remarks, output, device.Name, clock.Elapsed));
        }
        else
        {
            TrainView.Summarise(result, cost, data, output, device.Name, clock.Elapsed);
        }
        return ExitCode.Success;
    }

    private static DecisionSettings? ActionsOf(string? marks, string? reward) => (marks, reward) switch
    {
        (null, null) => null,
        ({ } names, { } value) when Settings.List(names).Distinct().Count() > 1 => new DecisionSettings(Settings.List(names), value),
        ({ } names, { }) => throw new UsageException($"--actions must name two marks or more, between which there is a choice, got '{names}'."),
        _ => throw new UsageException("--actions names the marks that are your own doing and --reward the value that they are for; give both or neither."),
    };

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
}
