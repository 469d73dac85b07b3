using Foretell.Models.Numerics;

namespace Foretell.Models.Forecasting;

/// <summary>Counts of the events of many streams within a horizon, under a budget of steps that goes where the error is largest.</summary>
/// <remarks>
/// Half of the budget goes to all streams alike. Each stream's share makes as many paths as events. From what they
/// show follows the relative error that the other half can bring all streams to, and that half goes to the streams above it: least
/// largest error, by bisection. A stream alone has <see cref="StepsPerStream"/> steps, many share <see cref="StepsPerRequest"/>.
/// The answer is a function of the questions alone.
/// </remarks>
/// <param name="batches">Where the paths advance.</param>
internal sealed class CountSampler(Pool<PathBatch> batches)
{
    /// <summary>Steps for one stream at most.</summary>
    public const int StepsPerStream = 8192;

    /// <summary>Steps for all streams of a request at most, as long as each still has <see cref="FewestSteps"/>.</summary>
    public const int StepsPerRequest = 200_000;

    /// <summary>Steps that every stream has.</summary>
    public const int FewestSteps = 64;

    /// <summary>Relative error below which no step is spent; of a mean below one, the absolute error.</summary>
    private const double Target = 0.005;

    /// <summary>Events of a path at most.</summary>
    private const int MaxEvents = 512;

    private const int Seed = 1;

    /// <summary>The counts, in the order of the questions.</summary>
    public CountForecast[] Count(IReadOnlyList<CountQuestion> questions, ParallelOptions options)
    {
        int each = StepsOf(questions.Count) / 2;
        int[] asked = [.. Enumerable.Range(0, questions.Count).Where(i => questions[i].Within * questions[i].Coming > 0)];
        var rounds = new List<CountRound>[questions.Count];
        Run([.. asked.Select(i => (i, Plan(each)))], questions, rounds, Seed, options);

        var errors = new (double Relative, int Cost)[questions.Count];
        foreach (int i in asked)
        {
            (double mean, double variance) = Combine(rounds[i]);
            errors[i] = (Math.Sqrt(variance) / Math.Max(1, mean), rounds[i].Sum(r => r.Steps));
        }
        double budget = (double)each * 2 * asked.Length - asked.Sum(i => errors[i].Cost), reach = Reach(errors, budget);
        Run([.. asked.Select(i => (i, Extra(errors[i], rounds[i][0], reach))).Where(x => x.Item2.Paths > 1)],
            questions, rounds, Seed + 1, options);
        return [.. questions.Select((q, i) => rounds[i] is { } own ? Result(q, own) : CountForecast.Zero)];
    }

    /// <summary>Steps of each stream, of so many.</summary>
    public static int StepsOf(int streams) => Math.Clamp(StepsPerRequest / Math.Max(1, streams), FewestSteps, StepsPerStream);

    /// <summary>As many paths, for the spread of what is near, as events of each, for the pace of what is far.</summary>
    private static (int Paths, int Events) Plan(int budget)
    {
        int events = Math.Clamp((int)Math.Sqrt(budget), 2, MaxEvents);
        return (Math.Min(budget / events, PathBatch.MaxPaths), events);
    }

    /// <summary>More paths, and longer ones where the first did not reach the horizon.</summary>
    private static (int Paths, int Events) Extra((double Relative, int Cost) error, CountRound first, double reach)
    {
        double more = error.Cost * (error.Relative * error.Relative / (reach * reach) - 1);
        if (!(more >= FewestSteps / 2.0))
        {
            return default;
        }
        int budget = (int)Math.Min(more, 4 * StepsPerStream);
        (int paths, int events) = Plan(budget);
        double perPath = (double)first.Steps / first.Paths;
        return (perPath < events ? Math.Min((int)(budget / perPath), PathBatch.MaxPaths) : paths, events);
    }

    /// <summary>The relative error to which a number of steps can bring all streams.</summary>
    private static double Reach((double Relative, int Cost)[] errors, double budget)
    {
        double low = Target, high = Math.Max(Target, errors.Length == 0 ? 0 : errors.Max(e => e.Relative));
        for (int i = 0; i < 40 && Cost(low) > budget; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Cost(middle) > budget ? (middle, high) : (low, middle);
            if (high - low < 1e-4 * high)
            {
                return high;
            }
        }
        return Cost(low) <= budget ? low : high;

        double Cost(double reach) => errors.Sum(e => e.Cost * Math.Max(0, e.Relative * e.Relative / (reach * reach) - 1));
    }

    private void Run((int Question, (int Paths, int Events) Plan)[] plans, IReadOnlyList<CountQuestion> questions,
        List<CountRound>[] rounds, int seed, ParallelOptions options)
    {
        var groups = new List<List<(int Question, CountRound Round)>>();
        int taken = PathBatch.MaxPaths;
        foreach ((int question, (int paths, int events)) in plans)
        {
            if (taken + paths > PathBatch.MaxPaths)
            {
                groups.Add([]);
                taken = 0;
            }
            groups[^1].Add((question, new CountRound(questions[question], taken, paths, events, seed)));
            taken += paths;
        }
        Parallel.ForEach(groups, options, group => Run(group, options.CancellationToken));
        foreach ((int question, CountRound round) in groups.SelectMany(g => g))
        {
            (rounds[question] ??= []).Add(round);
        }
    }

    private void Run(List<(int Question, CountRound Round)> group, CancellationToken cancellation)
    {
        PathBatch batch = batches.Rent();
        group.ForEach(x => x.Round.Start(batch));
        var active = group.ConvertAll(x => x.Round);
        var (plain, mean) = (new List<int>(), new List<int>());
        var horizon = new double[PathBatch.MaxPaths];
        group.ForEach(x => Array.Fill(horizon, x.Round.Horizon, x.Round.First, x.Round.Paths));
        while (active.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            plain.Clear();
            mean.Clear();
            active.ForEach(r => r.Draw(batch));
            active.ForEach(r => (r.WantsMeanGaps ? mean : plain).AddRange(r.Active));
            Step(batch, plain, horizon, false);
            Step(batch, mean, horizon, true);
            active.ForEach(r => r.Take(batch));
            active.RemoveAll(r => r.IsDone);
        }
        batches.Return(batch);
    }

    private static void Step(PathBatch batch, List<int> paths, double[] horizon, bool meanGaps) =>
        batch.Step(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(paths), horizon, meanGaps);

    private static (double Mean, double Variance) Combine(List<CountRound> rounds)
    {
        double paths = rounds.Sum(r => r.Paths), mean = 0, variance = 0;
        foreach (CountRound round in rounds)
        {
            (double own, double spread) = round.Estimate();
            double share = round.Paths / paths;
            mean += share * own;
            variance += share * share * spread;
        }
        return (mean, variance);
    }

    private static CountForecast Result(CountQuestion question, List<CountRound> rounds)
    {
        (double mean, double variance) = Combine(rounds);
        double any = question.Within * question.Coming;
        return new CountForecast(any * mean, any * Math.Sqrt(variance), [.. rounds.SelectMany(r => r.Counts())], any);
    }
}
