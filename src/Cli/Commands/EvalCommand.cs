using System.CommandLine;
using System.Diagnostics;
using Foretell.Cli.Data;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Models.Activities;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;

namespace Foretell.Cli.Commands;

/// <summary>foretell eval: scores a model on held-out sequences.</summary>
internal static class EvalCommand
{
    private static readonly Option<string> s_model = Settings.Text("--model", "file", "Model to score (safetensors).", required: true);
    private static readonly Option<string> s_test =
        Settings.Text("--test", "file", $"Event file that the model has not seen. {CommonSettings.FileKinds}", required: true);
    private static readonly Option<string[]> s_past = new("--past")
    {
        HelpName = "file",
        Description = "What the same streams did before, in the same format: read first, and not scored. Can be given again for a later part.",
    };
    private static readonly ModelSettings s_bound = new();
    private static readonly Option<EventColumns?> s_columns = CommonSettings.Columns();
    private static readonly Option<TimeZoneInfo?> s_zone = CommonSettings.Zone();
    private static readonly OpenEndSettings s_openEnds =
        new("Score the silence after each stream's last event, too, up to the end of observation, as a figure apart.");
    private static readonly Option<bool> s_shared = Settings.Flag("--shared",
        "Score all events in the order of time, too, with a shift that all streams share: how much of what the model gets wrong is common to them.");
    private static readonly Option<double?> s_within = Durations.OptionalOption("--within",
        "Ask again and again whether marks come within this time, and score the answers: a failure within 7d.", double.Epsilon);
    private static readonly Option<string> s_of = Settings.Text("--of", "a,b", "The marks that --within asks for; all by default.");
    private static readonly Option<double?> s_every =
        Durations.OptionalOption("--every", "From one question of --within to the next; by default as long as it looks ahead.", double.Epsilon);
    private static readonly Option<int> s_threads = CommonSettings.Threads();
    private static readonly Option<bool> s_json = CommonSettings.Json();

    public static Command Create()
    {
        var verb = new Verb("eval", "Scores a model on held-out sequences, beside simple baselines.",
            "eval --model model.safetensors --test test.jsonl",
            "eval --model model.safetensors --test test.jsonl --json",
            "eval --model model.safetensors --past january.csv --past february.csv --test march.csv",
            "eval --model model.safetensors --test faster.jsonl --shared",
            "eval --model machines.safetensors --past train.jsonl --test dev.jsonl --within 7d --every 1d --of failed",
            "eval --model softmax.safetensors --test test.jsonl --mixer tova --states 64",
            "eval --model churn.safetensors --test test.csv --censored --until 2026-06-30T00:00:00Z")
        {
            s_model, s_test, s_past, s_bound.Mixer, s_bound.States, s_bound.Adapt, s_bound.NoAdapt, s_columns, s_zone, s_openEnds.Censored,
            s_openEnds.Until, s_shared, s_within, s_of, s_every, s_threads, s_json,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        double? within = parsed.GetValue(s_within);
        if (within is null && (parsed.GetValue(s_every) is not null || parsed.GetValue(s_of) is not null))
        {
            throw new UsageException("--every and --of say what --within asks; give it, too: --within 7d.");
        }
        ObservationEnd? until = s_openEnds.End(parsed, also: within is not null, with: " or --within");
        ForecastModel model = s_bound.Read(parsed).Of(ModelFiles.Load(parsed.GetRequiredValue(s_model)));
        IReadOnlyList<EventSequence> sequences =
            EventFile.ReadSequences(parsed.GetRequiredValue(s_test), model.Config.TimeUnitSeconds, parsed.GetValue(s_columns), until,
                parsed.GetValue(s_zone), parsed.GetValue(s_past));
        WithinEvaluation? asked = within is null ? null : Ask(parsed, model, sequences, within.Value);
        if (within is not null && !parsed.GetValue(s_openEnds.Censored))
        {
            // The end of observation was of use to the questions alone.
            sequences = [.. sequences.Select(s => s with { Until = null })];
        }
        bool share = parsed.GetValue(s_shared);
        if (share && !model.Config.Adapt)
        {
            throw new UsageException("--shared needs a model that adapts: streams can share only what adaptation tells. Give --adapt, too, or leave out --no-adapt.");
        }
        Evaluation evaluation = Evaluator.Evaluate(model, sequences, parsed.GetValue(s_threads));
        evaluation = share ? evaluation with { Shared = SharedEvaluator.Evaluate(model, sequences) } : evaluation;
        ActivityScore? cases = model.Config.Remaining is null ? null : CaseScores.Of(model, sequences);
        string[] remarks = [.. Remarks(model, sequences)];
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(evaluation, ("cases", cases), ("within", asked), ("remarks", remarks));
        }
        else
        {
            EvalView.Write(evaluation, model, cases);
            if (asked is not null)
            {
                WithinView.Write(asked, model.Config.TimeUnitSeconds);
            }
            foreach (string remark in remarks)
            {
                Terminal.WriteNote($"remark: {remark}");
            }
        }
        return ExitCode.Success;
    }

    /// <summary>Whether marks come within a time, asked again and again.</summary>
    private static WithinEvaluation Ask(ParseResult parsed, ForecastModel model, IReadOnlyList<EventSequence> sequences, double within)
    {
        IReadOnlyList<string> marks = parsed.GetValue(s_of) is { } of ? Settings.List(of) : model.Config.Marks;
        double unit = model.Config.TimeUnitSeconds;
        try
        {
            return WithinEvaluator.Evaluate(model, sequences, marks, within / unit, (parsed.GetValue(s_every) ?? within) / unit,
                parsed.GetValue(s_threads), new AskedStreams());
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--within cannot be asked: {Failure.Describe(error)}");
        }
    }

    /// <summary>What is strange about the data beside this model.</summary>
    private static IEnumerable<string> Remarks(ForecastModel model, IReadOnlyList<EventSequence> sequences) => new[]
    {
        MarkRemark.Of(UnknownMarks.In(sequences, model.Config.Marks), model.Config.HasOtherMark),
        DataRemarks.OtherUnit(sequences, "the test set", model.Baselines.Gaps.AsLogNormal().Given(0).Quantile(0.5), model.Config.TimeUnitSeconds),
        DataRemarks.Ties(sequences, "the test set"),
    }.OfType<string>();

    /// <summary>Says every few seconds how many streams have been asked.</summary>
    private sealed class AskedStreams : IProgress<(int Done, int Of)>
    {
        private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public void Report((int Done, int Of) value)
        {
            lock (_clock)
            {
                if (_clock.Elapsed >= s_pause)
                {
                    Terminal.WriteNote($"--within: asked {Format.Count(value.Done)} of {Format.Count(value.Of, "stream")}");
                    _clock.Restart();
                }
            }
        }
    }
}
