using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Options;
using Foretell.Cli.Reports;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Files;
using Foretell.Models.PointProcess;
using Foretell.Models.Policies;

namespace Foretell.Cli.Commands;

/// <summary>foretell evaluate-policy: what another way to decide would have been worth, from a log that says how likely its own decisions
/// were.</summary>
internal static class EvaluatePolicyCommand
{
    private const string Always = "always:";

    private static readonly Option<string> s_train = Settings.Text("--train", "file",
        "Sequences to learn from: the outcome model, which actions the log took in which states, and the policy greedy.", required: true);
    private static readonly Option<string> s_test =
        Settings.Text("--test", "file", "Sequences of other streams, by which policies are judged; with --play there are none.");
    private static readonly Option<string[]> s_policies = new("--policy")
    {
        HelpName = "uniform|always:ACTION|greedy|file",
        Description = "What is judged: all actions alike; one action always; the action of which the outcome model expects most; or a file with a line {\"id\", \"i\": index of the event, \"pi\": {action: probability}} for each decision of test. Can be given again; the log's own policy is always there.",
        Required = true,
    };
    private static readonly Option<string> s_reward = Settings.Text("--reward", "value",
        "Value of the events that is added up; costs are negative.", required: true);
    private static readonly Option<string> s_propensity = Settings.Text("--propensity", "value",
        "Value that says on each decision how likely the log was to take its action. The events that carry it are the decisions, and their marks the actions.", fallback: "p");
    private static readonly Option<string[]?> s_actions = Settings.Parsed<string[]?>("--actions", "a,b",
        "The marks that are actions; by default those of the decisions in train.", text => text.Split(',', StringSplitOptions.TrimEntries));
    private static readonly Option<Dictionary<string, double>> s_costs = Settings.Parsed("--costs", "a=0.2,b=3",
        "What marks cost each time, where the reward does not have it yet: it is subtracted there.", ParseCosts);
    private static readonly Option<double?> s_horizon = Settings.OptionalNumber("--horizon",
        "Length of an episode in the files' time unit, whose decisions are the policy's and whose reward counts. By default each decision is an episode, up to the stream's next.", 1e-9, 1e15);
    private static readonly Option<double> s_support = Settings.Number("--support",
        "Least share of the decisions in like states that an action needs to count; 0 counts all.", 0, 0.5, ActionSupport.DefaultLeast);
    private static readonly Option<int> s_sample = Settings.Number("--sample",
        "Least effective sample, in episodes; of a policy with less nothing is said.", 1, 1_000_000_000, PolicyEvaluationOptions.DefaultLeastSample);
    private static readonly Option<long> s_seed = Settings.Number("--seed", "Seed of the intervals' draws, and of a policy that throws dice.", 0, long.MaxValue, 1);
    private static readonly Option<bool> s_play = Settings.Flag("--play",
        "Decide by one policy instead of judging: events come as lines on standard input, and each line that asks is answered by a line on standard output.");
    private static readonly Option<bool> s_json = CommonSettings.Json();

    public static Command Create()
    {
        var verb = new Verb("evaluate-policy", "Says what another way to decide would have been worth, from a log of decisions with their probabilities.",
            "evaluate-policy --train train.jsonl --test test.jsonl --reward net --policy uniform --policy always:discount --policy greedy",
            "evaluate-policy --train train.jsonl --test test.jsonl --reward net --propensity p --actions nothing,mail,discount,call --horizon 14 --policy mine.jsonl",
            "evaluate-policy --train train.jsonl --test test.jsonl --reward amount --costs mail=0.2,call=3 --horizon 14 --policy greedy",
            "evaluate-policy --train train.jsonl --test test.jsonl --reward click --policy uniform --json",
            "evaluate-policy --train train.jsonl --reward net --horizon 14 --policy greedy --play")
        {
            s_train, s_test, s_policies, s_reward, s_propensity, s_actions, s_costs, s_horizon, s_support, s_sample, s_seed, s_play, s_json,
        };
        verb.SetAction(Run);
        return verb;
    }

    private static int Run(ParseResult parsed)
    {
        bool isPlay = parsed.GetValue(s_play);
        string trainFile = parsed.GetRequiredValue(s_train);
        string? testFile = parsed.GetValue(s_test);
        if (isPlay == testFile is not null || (isPlay && parsed.GetRequiredValue(s_policies).Length > 1))
        {
            throw new UsageException(!isPlay ? "--test is needed." : testFile is not null
                ? "--play decides and judges nothing: leave out --test." : "--play decides by one --policy, and there are several.");
        }
        var columns = new DecisionColumns(parsed.GetRequiredValue(s_reward), parsed.GetRequiredValue(s_propensity))
        {
            Actions = parsed.GetValue(s_actions) is { Length: > 0 } named ? named : null,
            Horizon = parsed.GetValue(s_horizon),
        };
        List<EventSequence> trained = Read(parsed, trainFile, columns.Reward);
        string[] actions = In(trainFile, () => DecisionLog.ActionsOf(trained, columns));
        var states = StateSummaries.Of(trained, columns, actions);
        DecisionLog train = In(trainFile, () => DecisionLog.Of(trained, columns, actions, states));
        var values = ActionValues.Fit(train);
        var support = ActionSupport.Of(train, parsed.GetValue(s_support));
        if (testFile is null)
        {
            string text = parsed.GetRequiredValue(s_policies)[0];
            return Play(text, Parse(text, actions, values, support), trained, columns, actions, states, parsed.GetValue(s_seed));
        }
        List<EventSequence> tested = Read(parsed, testFile, columns.Reward);
        DecisionLog test = In(testFile, () => DecisionLog.Of(tested, columns, actions, states));
        Policy[] policies = [Policy.Logged, .. parsed.GetRequiredValue(s_policies).Distinct()
            .Select(text => Parse(text, actions, values, support)).Where(policy => !policy.IsLogged)];
        var options = new PolicyEvaluationOptions { LeastSample = parsed.GetValue(s_sample), Seed = parsed.GetValue(s_seed) };
        var report = new PolicyReport(actions, test.Streams, test.Episodes.Count, test.Episodes.Sum(e => e.Decisions.Count),
            test.Unfinished, support.Cells, options.LeastSample,
            [.. policies.Select(policy => PolicyEvaluator.Evaluate(test, policy, values.Of, support, options))]);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(report);
        }
        else
        {
            PolicyView.Write(Terminal.Out, report);
        }
        foreach (PolicyValue small in report.Policies.Where(p => p.Estimates is null))
        {
            Terminal.WriteNote($"remark: {Refusal(small, options.LeastSample)}");
        }
        return report.Policies.Skip(1).All(p => p.Estimates is null) && report.Policies.Count > 1
            ? throw new CliException($"This log tells nothing of {(report.Policies.Count == 2 ? "that policy" : "these policies")}. Judge what is nearer to what it did, a shorter --horizon, or a longer log.")
            : ExitCode.Success;
    }

    /// <summary>Answers until standard input ends.</summary>
    private static int Play(string text, Policy policy, List<EventSequence> train, DecisionColumns columns, string[] actions,
        StateSummaries states, long seed)
    {
        if (text is not ("uniform" or "greedy") && !text.StartsWith(Always, StringComparison.Ordinal))
        {
            throw new UsageException($"--play decides where no file knows the streams, by uniform, greedy or {Always}ACTION, got '{text}'.");
        }
        // Who plays may start before the policy has been learned: lines wait, and this says from when on they are answered.
        Terminal.WriteNote($"decides by '{policy.Name}': {string.Join(", ", actions.Select((action, i) => $"{i} {action}"))}");
        var play = new PolicyPlay(policy, train, columns, actions, states, seed);
        new PolicyDialogue(play, columns.Reward).Run(Console.In, Terminal.WriteLine);
        return ExitCode.Success;
    }

    private static List<EventSequence> Read(ParseResult parsed, string file, string reward)
    {
        List<EventSequence> sequences = EventFile.ReadSequences(file);
        return parsed.GetValue(s_costs) is { } costs ? In(file, () => ActionCosts.Subtract(sequences, reward, costs)) : sequences;
    }

    private static Dictionary<string, double> ParseCosts(string text)
    {
        var costs = new Dictionary<string, double>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int sign = part.LastIndexOf('=');
            if (sign < 1 || !double.TryParse(part[(sign + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double cost)
                || !double.IsFinite(cost) || !costs.TryAdd(part[..sign].Trim(), cost))
            {
                throw new CliException($"--costs must say each mark once, with what it costs: mail=0.2,call=3; got '{text}'.");
            }
        }
        return costs;
    }

    private static Policy Parse(string text, string[] actions, ActionValues values, ActionSupport support) => text switch
    {
        "logged" => Policy.Logged,
        "uniform" => Policy.Uniform(actions.Length),
        "greedy" => Policy.Greedy(values, support),
        _ when text.StartsWith(Always, StringComparison.Ordinal) => Policy.Always(text[Always.Length..], actions),
        _ when text == InputFile.StandardInput || File.Exists(text) => OfFile(text, actions),
        _ => throw new CliException($"--policy must be uniform, greedy, {Always}ACTION, logged or a file that is there, got '{text}'."),
    };

    private static Policy OfFile(string path, string[] actions)
    {
        Dictionary<(string, int), double[]> decisions = PolicyFile.Read(path, actions);
        return Policy.Of(Path.GetFileName(path), decision => decisions.GetValueOrDefault((decision.Stream, decision.Event))
            ?? throw new CliException($"{path} has no line for event {decision.Event} of stream '{decision.Stream}', which is a decision."));
    }

    private static string Refusal(PolicyValue value, double least) => string.Create(CultureInfo.InvariantCulture,
        $"the effective sample of '{value.Name}' is {value.EffectiveSample:N0} of {Format.Count(value.Episodes, "episode")}, and {least:N0} are needed: too small to judge.");

    /// <summary>Says in which file something is wrong.</summary>
    private static T In<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException bad)
        {
            throw new ArgumentException($"{file}: {bad.Message}", bad);
        }
    }
}
