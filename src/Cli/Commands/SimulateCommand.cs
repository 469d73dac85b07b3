using System.CommandLine;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Simulation;
using Spectre.Console;

namespace Foretell.Cli.Commands;

/// <summary>foretell simulate: writes events whose true distribution is known.</summary>
internal static class SimulateCommand
{
    /// <summary>A fixed start, so that the same arguments give the same file on every day.</summary>
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Option<string> s_kind = Settings.Parsed("--kind", "kind",
        $"Process that makes the events: {string.Join(", ", Simulator.Kinds)}.", ParseKind);
    private static readonly Option<int> s_streams = Settings.Number("--streams", "Number of streams.", 1, 10_000_000, 100);
    private static readonly Option<long> s_events =
        Settings.Number("--events", "Number of events of all streams together, fewer where all streams end before.", 1, 10_000_000_000,
        10_000);
    private static readonly Option<long> s_seed = Settings.Number("--seed", "Seed of every random choice.", 0, long.MaxValue, 1);
    private static readonly Option<string> s_out = Settings.Text("--out", "file",
        "Where to write: name.jsonl for one sequence a line, name.ndjson for one event a line.", required: true);

    public static Command Create()
    {
        s_kind.Required = true;
        var verb = new Verb("simulate", "Writes simulated events, and how well they could be forecast at best.",
            "simulate --kind demo --streams 1000 --events 100000 --seed 1 --out train.jsonl",
            "simulate --kind hawkes --streams 50 --events 5000 --seed 7 --out events.ndjson",
            "simulate --kind churn --streams 2000 --events 30000 --seed 1 --out shop.jsonl")
        {
            s_kind, s_streams, s_events, s_seed, s_out,
        };
        verb.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string output = parsed.GetRequiredValue(s_out);
        var simulator = Simulator.Create(parsed.GetRequiredValue(s_kind), parsed.GetValue(s_streams), parsed.GetValue(s_seed), s_start);
        SimulationSummary summary = SimulationFile.Write(output, Take(simulator, parsed.GetValue(s_events), cancellation));
        Table table = Tables.KeyValue()
            .AddRow("written", $"{Format.Count(summary.Events, "event")} in {Format.Count(summary.Streams, "stream")} to {Terminal.Escape(output)}")
            .AddRow("best possible NLL", $"{Format.Nats(summary.TrueNllTime + summary.TrueNllMark)} nats an event " +
                $"(time {Format.Nats(summary.TrueNllTime)} a second, mark {Format.Nats(summary.TrueNllMark)})");
        if (summary.Ended > 0)
        {
            table.AddRow("gone for good", $"{Format.Count(summary.Ended)} of {Format.Count(summary.Streams, "stream")}");
        }
        Terminal.Out.Write(table);
        return ExitCode.Success;
    }

    private static IEnumerable<SimulatedEvent> Take(Simulator simulator, long count, CancellationToken cancellation)
    {
        for (long i = 0; i < count && simulator.NextTicks < long.MaxValue; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return simulator.Next();
        }
    }

    private static string ParseKind(string text) =>
        Simulator.Kinds.Contains(text)
            ? text
            : throw new CliException($"--kind must be one of {string.Join(", ", Simulator.Kinds)}, got '{text}'.");
}
