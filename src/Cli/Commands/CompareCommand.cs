using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Files;
using Foretell.Models.Actions;
using Foretell.Models.Activities;
using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.Labels;
using Foretell.Models.Series;
using Foretell.Models.Training;

namespace Foretell.Cli.Commands;

/// <summary>foretell compare: trains and scores all mixers and simple methods under the same budget, and writes a report.</summary>
internal static class CompareCommand
{
    private static readonly TrainingSettings s_training = new(needsFiles: false);
    private static readonly Option<string> s_test =
        Settings.Text("--test", "file", "Event file that is scored and decides nothing.");
    private static readonly Option<string> s_task = Settings.Typed("--task", "events|labels|activities|series|actions",
        "What is compared: events, when the next one comes and what it is; labels, what kind of stream it is, of sequences with a \"label\"; activities, what comes next in whole cases, whether one is over, and when; series, the next readings of regular series; or actions, what to do in three small control tasks that are played here: they need no data file.", "events", ParseTask);
    private static readonly Option<string> s_out =
        Settings.Text("--out", "folder", "Where the report and everything that is finished go; of events, the same command goes on from there.");
    private static readonly Option<ComparisonForm[]?> s_mixers = Settings.Parsed<ComparisonForm[]?>("--mixers", "a,b",
        $"Rows: {string.Join(", ", ComparisonForm.Default.Select(f => f.Name))}; all by default.", ParseMixers);
    private static readonly Option<string> s_states = Settings.Typed("--states", "1/8,64",
        "Events that the policies keep per layer: shares of the test sequences' mean length, or numbers.", "1/8", ParseStates);
    private static readonly Option<int> s_seeds =
        Settings.Number("--seeds", "Trainings of each form at its chosen learning rate.", 1, 1000, 5);
    private static readonly Option<bool> s_adapt = Settings.Flag("--adapt",
        "A second row for each form: the same models, which follow what each stream shows of its own.");
    private static readonly Option<bool> s_horizons = Settings.Flag("--horizons",
        "Score forecasts of whole horizons, too: what comes in the time of five mean gaps, beside methods that count the stream's past.");
    private static readonly OpenEndSettings s_openEnds = new("Count the silence after each stream's last event, up to the end of observation: in training as train does, and on the test set as a column apart.");
    private static readonly SeriesSettings s_series = new();
    private static readonly ActionSettings s_actions = new();
    private static readonly Option<bool> s_json = CommonSettings.Json("Print the table as JSON.");

    public static Command Create()
    {
        var verb = new Verb("compare", "Trains and scores all mixers under the same budget, and writes a report.",
            "compare --train train.jsonl --dev dev.jsonl --test test.jsonl --out comparison",
            "compare --train train.jsonl --dev dev.jsonl --test test.jsonl --out comparison --time-unit hours --mixers aaren,softmax,tova --states 1/8,1/4 --seeds 3",
            "compare --train train.jsonl --dev dev.jsonl --test test.jsonl --out comparison --mixers aaren --horizons",
            "compare --task labels --train utterances.jsonl --out labels --mixers aaren,softmax",
            "compare --task series --train hours.jsonl --test later.jsonl --out series --horizon 96 --seasons 24,168",
            "compare --task activities --train tickets.jsonl --test later.jsonl --out activities --time-unit days",
            "compare --task actions --out actions --seeds 3",
            "compare --train shop.csv --dev dev.csv --test test.csv --out churn --time-unit days --censored --until 2026-06-30T00:00:00Z")
        {
            s_task, s_training.Train, s_training.Dev, s_test, s_out, s_mixers, s_states, s_seeds, s_adapt, s_horizons,
            s_openEnds.Censored, s_openEnds.Until, s_series.Horizon, s_series.Window, s_series.Seasons, s_actions.Episodes, s_json,
        };
        verb.AddAll(s_training.Shared);
        verb.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string task = parsed.GetRequiredValue(s_task);
        if (task != "series")
        {
            Refuse(parsed, task, s_series.All);
        }
        Refuse(parsed, task, task == "actions" ? [s_training.Train, s_training.Dev, s_test, .. s_training.OfData] : [s_actions.Episodes],
            task == "actions" ? ", which plays tasks of its own and reads no file" : "");
        if (task != "events")
        {
            Refuse(parsed, task, [s_training.Dev, s_states, s_adapt, s_horizons, s_openEnds.Censored, s_openEnds.Until]);
        }
        switch (task)
        {
            case "actions":
                Require(parsed, [s_out]);
                return CompareActions(parsed, cancellation);
            case "labels":
                Require(parsed, [s_training.Train, s_out]);
                return CompareLabels(parsed, cancellation);
            case "activities":
                Require(parsed, [s_training.Train, s_test, s_out]);
                return CompareActivities(parsed, cancellation);
            case "series":
                Require(parsed, [s_training.Train, s_test, s_out, s_series.Horizon]);
                return CompareSeries(parsed, cancellation);
            default:
                Require(parsed, [s_training.Train, s_training.Dev, s_test, s_out]);
                return CompareEvents(parsed, cancellation);
        }
    }

    /// <summary>The next readings of --test are told by models of --train.</summary>
    private static int CompareSeries(ParseResult parsed, CancellationToken cancellation)
    {
        SeriesComparisonOptions options =
            s_series.Read(parsed, s_training.Read(parsed), parsed.GetValue(s_mixers), parsed.GetValue(s_seeds));
        string folder = FolderOf(parsed);
        var comparison = new SeriesComparison(s_training.ReadSequences(parsed, s_training.Train), s_training.ReadSequences(parsed, s_test),
            options);
        bool isJson = parsed.GetValue(s_json);
        return Finish(RowsIn(folder), isJson, cancellation,
            () => SeriesReport.Write(comparison, options, folder, new TrainingLines(isJson), cancellation),
            report => SeriesView.Summarise(report, folder));
    }

    /// <summary>Tasks are played by models of logs that are made here.</summary>
    private static int CompareActions(ParseResult parsed, CancellationToken cancellation)
    {
        ActionComparisonOptions options = s_actions.Read(parsed, s_training.Read(parsed), s_training.HasWidth(parsed),
            parsed.GetValue(s_mixers), parsed.GetValue(s_seeds));
        string folder = FolderOf(parsed);
        var comparison = new ActionComparison(options);
        bool isJson = parsed.GetValue(s_json);
        return Finish(RowsIn(folder), isJson, cancellation,
            () => ActionReport.Write(comparison, options, folder, new TrainingLines(isJson), cancellation),
            report => ActionView.Summarise(report, folder));
    }

    /// <summary>Runs a comparison, and shows its report.</summary>
    /// <param name="left">What a signal that stops it leaves behind.</param>
    private static int Finish<T>(string left, bool isJson, CancellationToken cancellation, Func<T> write, Action<T> summarise)
    {
        T report;
        try
        {
            report = write();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Terminal.WriteError($"stopped by a signal before the comparison was done. {left}");
            return ExitCode.Interrupted;
        }
        if (isJson)
        {
            JsonOutput.Write(report);
        }
        else
        {
            summarise(report);
        }
        return ExitCode.Success;
    }

    /// <param name="why">Said behind the task's name.</param>
    private static void Refuse(ParseResult parsed, string task, IEnumerable<Option> options, string why = "")
    {
        if (options.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } option)
        {
            throw new UsageException($"{option.Name} has no meaning with --task {task}{why}. Leave it out.");
        }
    }

    /// <summary>Labels are told by folds of the training file, or on --test.</summary>
    private static int CompareLabels(ParseResult parsed, CancellationToken cancellation)
    {
        TrainingOptions training = s_training.Read(parsed);
        var options = new LabelComparisonOptions
        {
            Seeds = parsed.GetValue(s_seeds),
            Training = training with
            {
                Epochs = training.Epochs ?? LabelTrainer.DefaultEpochs,
                LearningRate = LabelTrainer.DefaultLearningRate,
            },
        };
        options = parsed.GetValue(s_mixers) is { Length: > 0 } forms ? options with { Forms = forms } : options;
        string folder = FolderOf(parsed);
        var comparison = new LabelComparison(s_training.ReadSequences(parsed, s_training.Train),
            parsed.GetValue(s_test) is null ? null : s_training.ReadSequences(parsed, s_test), options);
        bool isJson = parsed.GetValue(s_json);
        return Finish(RowsIn(folder), isJson, cancellation,
            () => LabelReport.Write(comparison, options, folder, new TrainingLines(isJson), cancellation),
            report => LabelView.Summarise(report, folder));
    }

    /// <summary>Whole cases of --train are learned from, and those of --test are scored.</summary>
    private static int CompareActivities(ParseResult parsed, CancellationToken cancellation)
    {
        var options = new ActivityComparisonOptions { Seeds = parsed.GetValue(s_seeds), Training = s_training.Read(parsed) };
        options = parsed.GetValue(s_mixers) is { Length: > 0 } forms ? options with { Forms = forms } : options;
        string folder = FolderOf(parsed);
        var comparison = new ActivityComparison(s_training.ReadSequences(parsed, s_training.Train, byWeek: true),
            s_training.ReadSequences(parsed, s_test, byWeek: true), options);
        bool isJson = parsed.GetValue(s_json);
        return Finish(RowsIn(folder), isJson, cancellation,
            () => ActivityReport.Write(comparison, options, folder, new TrainingLines(isJson), cancellation),
            report => ActivityView.Summarise(report, folder));
    }

    private static int CompareEvents(ParseResult parsed, CancellationToken cancellation)
    {
        ObservationEnd? until = s_openEnds.End(parsed);
        TrainingOptions training = s_training.Read(parsed);
        var options = new ComparisonOptions
        {
            Forms = parsed.GetValue(s_mixers) is { Length: > 0 } forms ? forms : ComparisonForm.Default,
            States = ParseStates(parsed.GetRequiredValue(s_states)),
            Seeds = parsed.GetValue(s_seeds),
            Adapt = parsed.GetValue(s_adapt),
            Horizons = parsed.GetValue(s_horizons),
            Training = training with { Shape = training.Shape with { Censored = until is not null } },
        };
        var data = new ComparisonData(s_training.ReadSequences(parsed, s_training.Train, until),
            s_training.ReadSequences(parsed, s_training.Dev, until), s_training.ReadSequences(parsed, s_test, until));
        string folder = FolderOf(parsed);
        var comparison = new ComparisonRun(data, options, folder);
        bool isJson = parsed.GetValue(s_json);
        return Finish($"What is finished is in {folder}; the same command goes on from there.", isJson, cancellation,
            () => CompareView.Show(isJson, progress => ComparisonReport.Write(comparison, data, folder, progress, cancellation)),
            report => CompareView.Summarise(report, folder));
    }

    private static string RowsIn(string folder) => $"The rows that are finished are in {folder}.";

    private static string FolderOf(ParseResult parsed)
    {
        string folder = Path.GetFullPath(parsed.GetRequiredValue(s_out));
        return !File.Exists(folder) ? folder : throw new CliException($"--out must name a folder, but {folder} is a file.");
    }

    /// <summary>Says which of the options that a task needs are missing.</summary>
    private static void Require(ParseResult parsed, Option[] options)
    {
        string[] missing = [.. options.Where(o => parsed.GetResult(o) is null or { Implicit: true }).Select(o => o.Name)];
        if (missing.Length > 0)
        {
            throw new UsageException($"{string.Join(" and ", missing)} {(missing.Length == 1 ? "is" : "are")} needed.");
        }
    }

    private static string ParseTask(string text) => text is "events" or "labels" or "activities" or "series" or "actions" ? text
        : throw new CliException($"--task must be events, labels, activities, series or actions, got '{text}'.");

    private static ComparisonForm[] ParseMixers(string text)
    {
        try
        {
            return [.. text.Split(',', StringSplitOptions.TrimEntries).Select(ComparisonForm.Parse).Distinct()];
        }
        catch (ArgumentException bad)
        {
            throw new CliException($"--mixers: {bad.Message}");
        }
    }

    private static StateCount[] ParseStates(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part => StateCount.TryParse(part, out StateCount count) ? count
            : throw new CliException($"--states must be shares such as 1/8, or numbers of events from 1 to {ModelConfig.MaxStates}, separated by commas, got '{part}'."))];
}
