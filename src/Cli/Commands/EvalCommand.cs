using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Files;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;

namespace Foretell.Cli.Commands;

/// <summary>foretell eval: scores a model on held-out sequences.</summary>
internal static class EvalCommand
{
    private static readonly Option<string> Model = Settings.Text("--model", "file", "Model to score (safetensors).", required: true);
    private static readonly Option<string> Test = Settings.Text("--test", "file", "Event file that the model has not seen.", required: true);
    private static readonly ModelSettings Bound = new();
    private static readonly Option<EventColumns?> Columns = CommonSettings.Columns();
    private static readonly OpenEndSettings OpenEnds = new("Score the silence after each stream's last event, too, up to the end of observation, as a figure apart.");
    private static readonly Option<int> Threads = CommonSettings.Threads();
    private static readonly Option<bool> Json = CommonSettings.Json();

    public static Command Create()
    {
        var verb = new Verb("eval", "Scores a model on held-out sequences, beside simple baselines.",
            "eval --model model.safetensors --test test.jsonl",
            "eval --model model.safetensors --test test.jsonl --json",
            "eval --model softmax.safetensors --test test.jsonl --mixer tova --states 64",
            "eval --model churn.safetensors --test test.csv --censored --until 2026-06-30T00:00:00Z")
        {
            Model, Test, Bound.Mixer, Bound.States, Columns, OpenEnds.Censored, OpenEnds.Until, Threads, Json,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        ObservationEnd? until = OpenEnds.End(parsed);
        ForecastModel model = Bound.Apply(ModelFiles.Load(parsed.GetRequiredValue(Model)), parsed);
        IReadOnlyList<EventSequence> sequences =
            EventFile.ReadSequences(parsed.GetRequiredValue(Test), model.Config.TimeUnitSeconds, parsed.GetValue(Columns), until);
        Evaluation evaluation = Evaluator.Evaluate(model, sequences, parsed.GetValue(Threads));
        if (parsed.GetValue(Json))
        {
            JsonOutput.Write(evaluation);
        }
        else
        {
            EvalView.Write(evaluation, model);
        }
        return ExitCode.Success;
    }
}
