using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Forecasts from the state rows of one model. Safe to share between threads: each question takes scratch space of its
/// own.</summary>
public sealed class Forecaster
{
    /// <summary>Streams whose paths tell of marks together.</summary>
    private const int StreamsAtOnce = 64;

    private readonly Pool<ForecastKernel> _kernels;
    private readonly Pool<SurvivalKernel> _survivals;
    private readonly CountSampler _counts;
    private readonly PathSampler _paths;

    /// <param name="model">Model of the rows.</param>
    public Forecaster(ForecastModel model)
    {
        Model = model;
        _kernels = new(() => new ForecastKernel(model));
        _survivals = new(() => new SurvivalKernel(model));
        var batches = new Pool<PathBatch>(() => new PathBatch(model));
        (_counts, _paths) = (new CountSampler(batches), new PathSampler(model, batches));
    }

    /// <summary>Model of the rows.</summary>
    public ForecastModel Model { get; }

    /// <summary>The distribution of the next event, given a stream's state row and its silence since the last event.</summary>
    /// <param name="state">The row; where states grow its tail may be left out, and only
    /// <see cref="Forecasting.Forecast.Count"/> and <see cref="Forecasting.Forecast.Paths"/> need it.</param>
    /// <param name="silenceSeconds">Time since the last event.</param>
    /// <exception cref="ArgumentException">The row has another length, or the silence is negative or not finite.</exception>
    public Forecast Forecast(ReadOnlySpan<float> state, double silenceSeconds) => new(this, state, silenceSeconds);

    /// <summary>Log probability that a stream in this state stays silent for so long, given that a next event comes at all; the
    /// cheap part of <see cref="Forecast"/>.</summary>
    public double LogSurvival(ReadOnlySpan<float> state, double silenceSeconds) =>
        Gap(Basis(state), out _).LogSurvival(silenceSeconds / Model.Config.TimeUnitSeconds);

    /// <summary>The same for many streams, at a small part of the cost each; within 1e-11 of it, relative, and 1e-15.</summary>
    /// <param name="bases">What the streams' forecasts are made of (<see cref="Stepping.IStateBackend.ReadBasis"/>). Shape
    /// [n, BasisFloats].</param>
    /// <param name="silenceSeconds">0 or more. Shape [n].</param>
    /// <param name="logSurvival">Output, nats. Shape [n].</param>
    /// <param name="neverLogit">Output: logit of the probability that no next event comes at all, given the silence
    /// (<see cref="Forecasting.Forecast.Never"/>); negative infinity where the model does not tell. Shape [n].</param>
    /// <exception cref="ArgumentException">Lengths disagree.</exception>
    public void LogSurvivals(ReadOnlySpan<float> bases, ReadOnlySpan<double> silenceSeconds, Span<double> logSurvival,
        Span<double> neverLogit)
    {
        int d = Model.BasisFloats;
        if (bases.Length != silenceSeconds.Length * d || logSurvival.Length != silenceSeconds.Length
            || neverLogit.Length != silenceSeconds.Length)
        {
            throw new ArgumentException($"{silenceSeconds.Length} silences need {silenceSeconds.Length * d} floats of bases and "
                + $"as many results as silences, got {bases.Length}, {logSurvival.Length} and {neverLogit.Length}.");
        }
        SurvivalKernel kernel = _survivals.Rent();
        kernel.Compute(bases, silenceSeconds, logSurvival, neverLogit);
        _survivals.Return(kernel);
    }

    /// <summary>How many events come within a horizon, for many streams: their paths advance together, and a budget of steps goes to
    /// those whose error is largest (docs/decisions/0021-counts-from-paced-paths.md).</summary>
    /// <param name="forecasts">Of rows with their tails. Shape [n].</param>
    /// <param name="horizonSeconds">From the moment of each forecast.</param>
    /// <returns>Shape [n]. The same forecasts together give the same counts.</returns>
    /// <exception cref="ArgumentException">A forecast was made of a row without its tail.</exception>
    public IReadOnlyList<CountForecast> Counts(IReadOnlyList<Forecast> forecasts, double horizonSeconds) =>
        Counts(forecasts, horizonSeconds, new ParallelOptions());

    /// <summary>The same counts, with a bound on the processors that they take, and an end when nobody waits any more.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IReadOnlyList<CountForecast> Counts(IReadOnlyList<Forecast> forecasts, double horizonSeconds, ParallelOptions options) =>
        horizonSeconds > 0 ? _counts.Count([.. forecasts.Select(f => f.Question(horizonSeconds))], options)
            : [.. forecasts.Select(_ => CountForecast.Zero)];

    /// <summary>Steps that <see cref="Counts(IReadOnlyList{Forecast}, double)"/> takes for so many streams, at most.</summary>
    public static long StepsOfCounts(int streams) => (long)streams * CountSampler.StepsOf(streams);

    /// <summary>Events that <see cref="Paths(IReadOnlyList{Forecast}, int, double)"/> draws in all, at most.</summary>
    public const int MaxPathEvents = PathSampler.MaxEvents;

    /// <summary>Possible futures of many streams within a horizon; the same state gives the same ones, whatever it is asked with.</summary>
    /// <param name="forecasts">Of rows with their tails. Shape [n].</param>
    /// <param name="paths">Paths of each, 1 or more.</param>
    /// <param name="horizonSeconds">From the moment of each forecast, above 0.</param>
    /// <returns>Shape [n, paths]. Where all of them have more than 200,000 events, each is cut after its share.</returns>
    /// <exception cref="ArgumentException">A forecast was made of a row without its tail.</exception>
    public IReadOnlyList<IReadOnlyList<SampledPath>> Paths(IReadOnlyList<Forecast> forecasts, int paths, double horizonSeconds) =>
        Paths(forecasts, paths, horizonSeconds, new ParallelOptions());

    /// <summary>The same paths, with a bound on the processors that they take, and an end when nobody waits any more.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IReadOnlyList<IReadOnlyList<SampledPath>> Paths(
        IReadOnlyList<Forecast> forecasts, int paths, double horizonSeconds, ParallelOptions options) =>
        _paths.Draw([.. forecasts.Select(f => f.Question(horizonSeconds))], paths,
            Math.Max(1, MaxPathEvents / Math.Max(1, forecasts.Count * paths)), options);

    /// <summary>Probability of each kind of stream by all that came so far, in the order of the configuration's; empty where
    /// the model tells none apart. Shape [c].</summary>
    /// <param name="basis">Shape [BasisFloats].</param>
    public double[] Labels(ReadOnlySpan<float> basis)
    {
        var probabilities = new double[Model.Config.Labels?.Count ?? 0];
        if (probabilities.Length > 0)
        {
            ForecastKernel kernel = _kernels.Rent();
            kernel.Labels(basis, probabilities);
            _kernels.Return(kernel);
        }
        return probabilities;
    }

    /// <summary>Steps that <see cref="Actions"/> takes, at most.</summary>
    public long StepsOfActions => (long)(Model.Config.Decisions?.Marks.Count ?? 0) * CountSampler.StepsPerStream;

    /// <summary>What each action, taken at the moment of the forecast, is expected to bring within a horizon, those that training saw in
    /// such a state first, by descending return; the same state gives the same answer.</summary>
    /// <remarks>Futures are sampled with the action as the next event, on the same random numbers for each, so that differences are those
    /// of the actions. What they do later is what the training data's own policy did: one step of improvement on it (Sutton, Barto,
    /// Reinforcement Learning, 2018, section 4.2).</remarks>
    /// <param name="forecast">Of a row with its tail.</param>
    /// <param name="horizonSeconds">From the moment of the forecast, above 0.</param>
    /// <returns>Empty where the model declares no actions.</returns>
    /// <exception cref="ArgumentException">The forecast was made of a row without its tail.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IReadOnlyList<ActionReturn> Actions(Forecast forecast, double horizonSeconds, ParallelOptions options)
    {
        if (Model.Config.Decisions is not { } actions)
        {
            return [];
        }
        int[] marks = [.. actions.Marks.Select(m => Model.MarkIndices[m])];
        double[] shares = forecast.SharesNow(marks);
        int[] ranked = [.. Enumerable.Range(0, marks.Length).Where(i => shares[i] >= ActionReturn.LeastShare)];
        int reward = Array.FindIndex(Model.ForecastValues, i => Model.Config.Values![i].Name == actions.Reward);
        CountQuestion question = forecast.Question(horizonSeconds);
        SampledPath[][] paths =
            _paths.DrawWithin([.. ranked.Select(i => question with { Action = marks[i] })], CountSampler.StepsPerStream, options);
        var returns = new ValueSum?[marks.Length];
        for (int i = 0; i < ranked.Length; i++)
        {
            returns[ranked[i]] = ValueSum.Of(actions.Reward, reward, paths[i], horizonSeconds);
        }
        return [.. marks.Select((_, i) => new ActionReturn(actions.Marks[i], shares[i], returns[i]))
            .OrderByDescending(a => a.Return?.Mean ?? double.NegativeInfinity).ThenByDescending(a => a.Share)];
    }

    /// <summary>Distribution of the time to the stream's last event, given that it is not over.</summary>
    internal GapDistribution Remaining(ReadOnlySpan<float> basis)
    {
        ForecastKernel kernel = _kernels.Rent();
        GapDistribution remaining = kernel.Remaining(basis);
        _kernels.Return(kernel);
        return remaining;
    }

    /// <summary>What the events within a horizon add up to in each value, by as many steps as counting takes
    /// (<see cref="StepsOfCounts"/>); the same forecasts together give the same sums.</summary>
    /// <param name="forecasts">Of rows with their tails. Shape [n].</param>
    /// <param name="horizonSeconds">From the moment of each forecast; none come within 0.</param>
    /// <returns>Shape [n, values]; no values where the model forecasts none.</returns>
    /// <exception cref="ArgumentException">A forecast was made of a row without its tail.</exception>
    public IReadOnlyList<IReadOnlyList<ValueSum>> Sums(IReadOnlyList<Forecast> forecasts, double horizonSeconds, ParallelOptions options)
    {
        if (Model.Values is null)
        {
            return [.. forecasts.Select(_ => Array.Empty<ValueSum>())];
        }
        string[] names = [.. Model.ForecastValues.Select(i => Model.Config.Values![i].Name)];
        if (!(horizonSeconds > 0))
        {
            return [.. forecasts.Select(_ => Array.ConvertAll(names, name => new ValueSum(name, [0])))];
        }
        CountQuestion[] questions = [.. forecasts.Select(f => f.Question(horizonSeconds))];
        return [.. _paths.DrawWithin(questions, CountSampler.StepsOf(forecasts.Count), options)
            .Select(paths => ValueSum.Of(names, paths, horizonSeconds))];
    }

    /// <summary>How likely each of some marks is to come within a horizon, by as many steps as counting takes
    /// (<see cref="StepsOfCounts"/>); the same forecasts together give the same answer.</summary>
    /// <param name="forecasts">Of rows with their tails. Shape [n].</param>
    /// <param name="marks">Names of the model's marks.</param>
    /// <param name="horizonSeconds">From the moment of each forecast; none come within 0.</param>
    /// <returns>Shape [n, marks].</returns>
    /// <exception cref="ArgumentException">The model does not know a mark, or a forecast was made of a row without its tail.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public IReadOnlyList<IReadOnlyList<MarkWithin>> MarksWithin(IReadOnlyList<Forecast> forecasts, IReadOnlyList<string> marks,
        double horizonSeconds, ParallelOptions options) =>
        MarksWithin(forecasts, marks, horizonSeconds, CountSampler.StepsOf(forecasts.Count), options);

    /// <param name="steps">Steps of each stream's paths, about.</param>
    internal IReadOnlyList<IReadOnlyList<MarkWithin>> MarksWithin(IReadOnlyList<Forecast> forecasts, IReadOnlyList<string> marks,
        double horizonSeconds, int steps, ParallelOptions options)
    {
        int[] watched = Model.IndicesOf(marks);
        if (!(horizonSeconds > 0) || watched.Length == 0)
        {
            return [.. forecasts.Select(_ => marks.Select(m => new MarkWithin(m, 0, 0, 0)).ToArray())];
        }
        var told = new List<MarkWithin[]>(forecasts.Count);
        // Every event keeps the chances of all marks asked for: a few streams at a time bound the memory.
        foreach (CountQuestion[] some in forecasts.Select(f => f.Question(horizonSeconds)).Chunk(StreamsAtOnce))
        {
            SampledPath[][] paths = _paths.DrawWithin(some, steps, options, watched);
            told.AddRange(some.Select((q, i) =>
                marks.Select((m, j) => MarkWithin.Of(m, j, paths[i], q.Within * q.Coming, horizonSeconds)).ToArray()));
        }
        return told;
    }

    /// <summary>The silence, seconds, at which the probability that <see cref="LogSurvival"/> tells has fallen to
    /// <paramref name="survival"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">survival is not within (0, 1).</exception>
    public double SilenceOf(ReadOnlySpan<float> state, double survival) =>
        Math.Min(Gap(Basis(state), out _).Given(0).Quantile(1 - survival) * Model.Config.TimeUnitSeconds, double.MaxValue);

    /// <summary>Distribution of the gap, in time units, that follows a basis, given that an event comes.</summary>
    /// <param name="neverLogit">Output: the logit of no next event at all; negative infinity where the model does not tell.</param>
    /// <exception cref="InvalidDataException">The vector is none that a step of this model gives: its row was damaged where it
    /// lay.</exception>
    internal GapDistribution Gap(ReadOnlySpan<float> basis, out double neverLogit)
    {
        ForecastKernel kernel = _kernels.Rent();
        GapDistribution gap = Model.DecodeTime(kernel.Time(basis, out neverLogit));
        _kernels.Return(kernel);
        if (double.IsNaN(neverLogit) || !gap.IsFinite)
        {
            throw new InvalidDataException("A stream's row holds numbers that no step of the model gives, so nothing can be forecast from it. "
                + "Restore the store from a copy, or remove it to rebuild it from the log.");
        }
        return gap;
    }

    /// <summary>Probability of each mark, averaged over weighted gaps in time units. Shape [m].</summary>
    internal double[] MarkProbabilities(ReadOnlySpan<float> basis, ReadOnlySpan<(double Tau, double Weight)> gaps)
    {
        var probabilities = new double[Model.Config.Marks.Count];
        ForecastKernel kernel = _kernels.Rent();
        kernel.Marks(basis, gaps, probabilities);
        _kernels.Return(kernel);
        return probabilities;
    }

    /// <summary>What values come with an event of these gaps and marks, each cell with its weight. Shape [v].</summary>
    internal ValueForecast[] Values(ReadOnlySpan<float> basis, IReadOnlyList<(double Tau, int Mark, double Weight)> cells)
    {
        ForecastKernel kernel = _kernels.Rent();
        ValueForecast[] values = kernel.Values(basis, cells);
        _kernels.Return(kernel);
        return values;
    }

    private ReadOnlySpan<float> Basis(ReadOnlySpan<float> state) => state.Slice(Model.MixerFloats, Model.BasisFloats);
}
