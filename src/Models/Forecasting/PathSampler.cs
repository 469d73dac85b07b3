using System.Runtime.InteropServices;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Forecasting;

/// <summary>Draws possible futures of streams. A path depends on its stream's state, the horizon's end and its own number alone.</summary>
/// <param name="model">Model of the rows.</param>
/// <param name="batches">Where the paths advance.</param>
internal sealed class PathSampler(ForecastModel model, Pool<PathBatch> batches)
{
    /// <summary>Events that the paths of one request have in all at most.</summary>
    public const int MaxEvents = 200_000;

    private const int Seed = 2;

    /// <summary>As many paths of each stream as a number of steps goes far: as many as events of each, for the spread of what is near and
    /// the pace of what is far; and more where they turn out to be short.</summary>
    /// <param name="steps">Steps for each stream, about.</param>
    /// <param name="watched">As for paths of a fixed number.</param>
    public SampledPath[][] DrawWithin(IReadOnlyList<CountQuestion> questions, int steps, ParallelOptions options, int[]? watched = null)
    {
        int events = (int)Math.Sqrt(steps);
        SampledPath[][] paths = Draw(questions, events, events, options, watched);
        double mean = paths.Length == 0 ? events : paths.Average(own => own.Average(path => path.Events.Count));
        int more = (int)Math.Min(steps / Math.Max(1, mean), PathBatch.MaxPaths);
        return more > 2 * events ? Draw(questions, more, events, options, watched) : paths;
    }

    /// <summary>Paths of each stream.</summary>
    /// <param name="questions">The streams.</param>
    /// <param name="paths">Paths of each, 1 or more.</param>
    /// <param name="most">Events after which a path is cut.</param>
    /// <param name="options">Processors, and the end when nobody waits any more.</param>
    /// <param name="watched">Indices of marks whose probability each event is to tell (<see cref="SampledEvent.Chances"/>). All paths are
    /// then of the futures that have an event within the horizon (<see cref="CountQuestion.Within"/>), and begin in equal slices of its
    /// distribution. Null for paths of all futures.</param>
    public SampledPath[][] Draw(IReadOnlyList<CountQuestion> questions, int paths, int most, ParallelOptions options, int[]? watched = null)
    {
        var drawn = new Drawn[questions.Count * paths];
        Parallel.ForEach(Enumerable.Range(0, drawn.Length).Chunk(PathBatch.MaxPaths), options,
            chunk => Draw(questions, paths, chunk, most, watched, drawn, options.CancellationToken));
        double unit = model.Config.TimeUnitSeconds;
        return [.. drawn.Chunk(paths).Select(own => Array.ConvertAll(own, d => new SampledPath(d.Events, d.Until * unit)))];
    }

    private void Draw(IReadOnlyList<CountQuestion> questions, int paths, int[] chunk, int most, int[]? watched, Drawn[] drawn,
        CancellationToken cancellation)
    {
        PathBatch batch = batches.Rent();
        batch.Watched = watched ?? [];
        double[] horizon = new double[PathBatch.MaxPaths];
        var random = new RandomStream[chunk.Length];
        var active = new List<int>();
        for (int i = 0; i < chunk.Length; i++)
        {
            CountQuestion question = questions[chunk[i] / paths];
            random[i] = new RandomStream(Seed, question.Fingerprint, chunk[i] % paths);
            horizon[i] = question.Horizon;
            drawn[chunk[i]] = new Drawn([], question.Horizon);
            double wait = question.Action is not null ? 0
                : watched is not null ? WaitWithin(question, (chunk[i] % paths + random[i].NextDouble()) / paths)
                : random[i].NextDouble() < question.Coming ? question.Next.Sample(random[i]) : double.PositiveInfinity;
            if (wait <= question.Horizon)
            {
                batch.Start(i, question.State.Span, question.Next.Silence, wait, question.Action);
                active.Add(i);
            }
        }
        while (active.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            double[] at = [.. active.Select(i => batch.Time[i])];
            active.ForEach(i => batch.Draw[i] = new PathDraw(random[i].NextDouble(), random[i].NextDouble(), random[i].NextNormal()));
            batch.Step(CollectionsMarshal.AsSpan(active), horizon, meanGaps: false);
            var going = new List<int>(active.Count);
            for (int j = 0; j < active.Count; j++)
            {
                int i = active[j];
                Drawn path = drawn[chunk[i]];
                path.Events.Add(new SampledEvent(at[j] * model.Config.TimeUnitSeconds, Name(batch.Mark[i]))
                {
                    Values = batch.Values(i),
                    Chances = watched is null ? null : batch.Chances(i).ToArray(),
                });
                bool goesOn = batch.Time[i] <= horizon[i]
                    && (!model.Config.Censored || random[i].NextDouble() < Math.Exp(batch.LogComing[i]));
                if (goesOn && path.Events.Count == most)
                {
                    drawn[chunk[i]] = path with { Until = at[j] };
                }
                else if (goesOn)
                {
                    going.Add(i);
                }
            }
            active = going;
        }
        batches.Return(batch);
    }

    /// <summary>Wait for the first event of those within the horizon, which comes sooner with probability <paramref name="share"/>.</summary>
    private static double WaitWithin(CountQuestion question, double share) =>
        question.Within * share is var p && p > 0 && p < 1 ? Math.Min(question.Next.Quantile(p), question.Horizon)
            : p > 0 ? question.Horizon : double.PositiveInfinity;

    private string Name(int mark) => model.Config.Marks.Count == 0 ? "" : model.Config.Marks[mark];

    private readonly record struct Drawn(List<SampledEvent> Events, double Until);
}
