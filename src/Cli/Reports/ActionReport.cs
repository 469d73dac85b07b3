using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Actions;
using Foretell.Models.Comparison;
using Foretell.Models.Control;

namespace Foretell.Cli.Reports;

/// <summary>The table of a comparison of actions: what report.json holds and the page shows.</summary>
internal sealed record ActionReport
{
    /// <summary>What a reader is to know first.</summary>
    public const string Scale = "toy scale";

    /// <summary>False while rows are still to come.</summary>
    public required bool IsComplete { get; init; }
    public required string Task { get; init; }
    /// <summary>Episodes of each log.</summary>
    public required int Episodes { get; init; }
    /// <summary>Episodes that are played to score.</summary>
    public required int Played { get; init; }
    /// <summary>Steps of an episode at most.</summary>
    public required int Horizon { get; init; }
    public required int Seeds { get; init; }
    public required string Shape { get; init; }
    public required IReadOnlyList<ActionRow> Rows { get; init; }

    /// <summary>Headings of the columns behind the scores.</summary>
    public static IReadOnlyList<string> Costs { get; } = ["bytes", "trained, s", "played, s"];

    /// <summary>Headings of all columns.</summary>
    public IReadOnlyList<string> Headings => ["form", .. Rows[0].Cells.Select(c => $"{c.Task}, {c.Quality}"), .. Costs];

    /// <summary>Names of the tasks.</summary>
    public IEnumerable<string> Tasks() => Rows[0].Cells.Select(c => c.Task).Distinct();

    /// <summary>Runs a comparison and writes report.json and report.html after every row.</summary>
    public static ActionReport Write(ActionComparison comparison, ActionComparisonOptions options, string folder,
        IProgress<TrainingsProgress> progress, CancellationToken cancellation) =>
        ReportFile.Write(folder, comparison.Run(progress, cancellation), (rows, isComplete) => new ActionReport
        {
            IsComplete = isComplete,
            Task = "actions",
            Episodes = options.Episodes,
            Played = ActionComparison.Played,
            Horizon = ControlTask.Horizon,
            Seeds = options.Seeds,
            Shape = ComparisonText.Shape(options.Training.Shape),
            // Simple methods are done first, and stand last; of a form the row with the most seeds stands.
            Rows = [.. rows.GroupBy(r => r.Name, (_, same) => same.Last()).OrderBy(r => r.IsSimple)],
        }, ActionPage.Of);

    /// <summary>A row's cells, and whether each is the best of its column.</summary>
    /// <param name="row">The row.</param>
    /// <param name="task">Scores of this task alone; null for all.</param>
    public IEnumerable<(string Text, bool IsBest)> Cells(ActionRow row, string? task = null)
    {
        yield return (row.Name, false);
        for (int i = 0; i < row.Cells.Count; i++)
        {
            if (task is null || row.Cells[i].Task == task)
            {
                yield return (ComparisonText.PlusMinus(row.Cells[i].Score, "0.0"), IsBest(row, i));
            }
        }
        yield return (row.BytesPerStream is { } bytes ? Format.Count(bytes) : "-", false);
        yield return (Seconds(row.TrainedSeconds), false);
        yield return (Seconds(row.PlayedSeconds), false);
    }

    /// <summary>What was compared on what, and what the columns say.</summary>
    public IEnumerable<string> Notes()
    {
        yield return $"{char.ToUpperInvariant(Scale[0])}{Scale[1..]}: three small control tasks of at most {Horizon} steps, not the robots of published tables.";
        yield return string.Create(CultureInfo.InvariantCulture, $"Each log: {Format.Count(Episodes, "episode")}, of which the skilled controller steers {string.Join(", ", LogQuality.All.Select(q => $"{100 * q.SkilledShare:0} % ({q.Name})"))} and a hasty one the others; {100 * LogQuality.RandomShare:0} % of all actions are replaced by random ones.");
        yield return $"Each form: {Shape}; {Format.Count(Seeds, "seed")}; ± one standard error over them, which tells what another seed would change, not what another log would. It is played from the mean return of the log's best tenth, with the likeliest action at each step.";
        yield return $"Scores: mean return of {Format.Count(Played, "played episode")}, the same for all rows, where 0 is that of random actions and 100 that of the skilled controller. The best of the forms and clones is bold.";
        yield return "Bytes: of an episode's row at the end of the longest. Trained, played: processor time of one training, and of its played episodes.";
    }

    /// <summary>The skilled controller is the mark that others are measured by.</summary>
    private bool IsBest(ActionRow row, int cell)
    {
        IEnumerable<ActionRow> learned = Rows.Where(r => !r.IsSimple || r.Name.StartsWith("cloning", StringComparison.Ordinal));
        return learned.Contains(row) && row.Cells[cell].Score.Mean == learned.Max(r => r.Cells[cell].Score.Mean);
    }

    private static string Seconds(double? seconds) => seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";
}
