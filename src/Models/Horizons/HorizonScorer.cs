using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Horizons;

/// <summary>A forecast of one horizon by the past alone.</summary>
/// <param name="times">Times of the past, the latest being the moment of forecasting. Shape [n], 2 or more.</param>
/// <param name="marks">Marks of the past; below 0 where not known. Shape [n].</param>
/// <param name="setting">Horizon and delta.</param>
internal delegate HorizonForecast HorizonMethod(ReadOnlySpan<double> times, ReadOnlySpan<int> marks, HorizonSetting setting);

/// <summary>Scores forecasts of whole horizons on held-out sequences.</summary>
/// <remarks>Events whose mark training did not have are no mark's, so they are left out of what came and of the past's counts; a model sees
/// them as it does in serving. The moments of forecasting are events, so no silence is behind them, as in HoTPP.</remarks>
internal static class HorizonScorer
{
    private const int MomentsAtOnce = 16;

    /// <summary>Scores what the sampled paths of a model agree on. The same model and sequences give the same score.</summary>
    /// <returns>Null where no sequence was watched for a horizon behind one of its moments.</returns>
    public static HorizonScore? Run(ForecastModel model, IReadOnlyList<EventSequence> sequences, HorizonSetting setting,
        int paths = HorizonSetting.Paths, int threads = 1, CancellationToken cancellation = default)
    {
        var forecaster = new Forecaster(model);
        var told = new (HorizonForecast, HorizonEvent[])[sequences.Count][];
        Parallel.For(0, sequences.Count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, s =>
            told[s] = Forecast(forecaster, sequences[s], setting, paths, cancellation));
        return Score(told.SelectMany(s => s), setting);
    }

    /// <summary>Scores a method that only counts.</summary>
    /// <returns>Null where no sequence was watched for a horizon behind one of its moments.</returns>
    public static HorizonScore? Run(HorizonMethod method, ModelConfig config, IReadOnlyList<EventSequence> sequences,
        HorizonSetting setting)
    {
        Dictionary<string, int> markIndex = ForecastModel.IndexMarks(config.Marks);
        return Score(sequences.SelectMany(s =>
        {
            int[] marks = Marks(s, config, markIndex);
            return setting.Moments(s).Select(i =>
                (method(s.Times.AsSpan(0, i + 1), marks.AsSpan(0, i + 1), setting), Came(s, marks, i, setting)));
        }), setting);
    }

    private static HorizonScore? Score(IEnumerable<(HorizonForecast Forecast, HorizonEvent[] Came)> horizons, HorizonSetting setting)
    {
        var precision = new TemporalPrecision(setting.Delta);
        int count = 0, events = 0;
        double distance = 0;
        foreach ((HorizonForecast forecast, HorizonEvent[] came) in horizons)
        {
            precision.Add(forecast.Ranked, came);
            distance += TransportDistance.Of(forecast.Sequence, came, setting.Cost);
            count++;
            events += came.Length;
        }
        return events == 0 ? null
            : new HorizonScore(count, events, precision.Mean(), precision.WeightedMean(), distance / (setting.Cost * events));
    }

    private static (HorizonForecast, HorizonEvent[])[] Forecast(Forecaster forecaster, EventSequence sequence, HorizonSetting setting,
        int paths, CancellationToken cancellation)
    {
        ForecastModel model = forecaster.Model;
        int[] moments = [.. setting.Moments(sequence)], marks = Marks(sequence, model.Config, model.MarkIndices);
        if (moments.Length == 0)
        {
            return [];
        }
        double unit = model.Config.TimeUnitSeconds;
        var options = new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = cancellation };
        // All paths of a request share a bound on their events: few moments at a time leave it out of reach.
        IReadOnlyList<SampledPath>[] sampled = [.. States(forecaster, sequence, marks, moments).Chunk(MomentsAtOnce)
            .SelectMany(some => forecaster.Paths(some, paths, setting.Horizon * unit, options))];
        return [.. moments.Select((moment, i) => (PathConsensus.Of([.. sampled[i].Select(Events)], setting.Delta, setting.Cost),
            Came(sequence, marks, moment, setting)))];

        HorizonEvent[] Events(SampledPath path) => [.. path.Events.Where(e => e.Seconds / unit < setting.Horizon)
            .Select(e => new HorizonEvent(e.Seconds / unit, model.Config.Marks.Count == 0 ? 0 : model.MarkIndices[e.Mark]))];
    }

    private static List<Forecast> States(Forecaster forecaster, EventSequence sequence, int[] marks, int[] moments)
    {
        ForecastModel model = forecaster.Model;
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        int v = model.ValueCount;
        float[] values = EncodedValues.Standardise(sequence, model);
        List<Forecast> forecasts = [];
        for (int t = 0; t <= moments[^1]; t++)
        {
            double gap = t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1];
            backend.Step([new StepInput(0, marks[t] < 0 ? model.UnknownMark : marks[t], gap, t)], values.AsSpan(t * v, v));
            if (t == moments[forecasts.Count])
            {
                var state = new float[backend.RowFloats(0)];
                backend.Read(0, state);
                forecasts.Add(forecaster.Forecast(state, 0));
            }
        }
        return forecasts;
    }

    private static int[] Marks(EventSequence sequence, ModelConfig config, IReadOnlyDictionary<string, int> markIndex) =>
        [.. Enumerable.Range(0, sequence.Times.Length).Select(t => config.Marks.Count == 0 ? 0
            : sequence.Marks is { } marks && markIndex.TryGetValue(marks[t], out int index) ? index
            : config.HasOtherMark ? config.UnknownMark : -1)];

    private static HorizonEvent[] Came(EventSequence sequence, int[] marks, int moment, HorizonSetting setting) =>
        [.. Enumerable.Range(moment + 1, sequence.Times.Length - moment - 1)
            .Select(t => (Time: sequence.Times[t] - sequence.Times[moment], Mark: marks[t])).TakeWhile(e => e.Time < setting.Horizon)
            .Where(e => e.Mark >= 0).Select(e => new HorizonEvent(e.Time, e.Mark))];
}
