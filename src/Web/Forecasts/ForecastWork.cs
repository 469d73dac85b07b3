using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Web.Admission;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Forecasts;

/// <summary>Where forecasts are computed: at once where that is cheap, else in turns that clients share fairly, on threads that are
/// fewer than the processors. So whoever asks for much waits, and whoever asks for little does not.</summary>
/// <remarks>Cost is counted in steps of sampled paths, some 2.5 us each, before anything is computed.</remarks>
internal sealed class ForecastWork
{
    /// <summary>Steps that one stream's forecast costs without sampling, and each of its quantiles.</summary>
    public const int StepsPerForecast = 150, StepsPerQuantile = 3;

    /// <summary>What each quantile of a value of the next event costs, over its sixteen likeliest marks; the value itself and its mean cost
    /// three.</summary>
    public const int StepsPerValueQuantile = 100;

    /// <summary>Up to here a forecast is computed where it is asked for.</summary>
    public const int CheapSteps = 1_000;

    /// <summary>Up to here it takes the short way: one stream with its counts, and with the sums of four values.</summary>
    public const int ShortSteps = 40_000;

    /// <summary>Long requests of one client that may wait, and requests of all.</summary>
    public const int ClientWaiting = 8, Waiting = 256;

    private readonly FairTurns _short, _long, _answers;
    private readonly ForetellWebOptions _options;
    private readonly TimeProvider _clock;

    public ForecastWork(IOptions<ForetellWebOptions> options, TimeProvider clock)
    {
        (_options, _clock) = (options.Value, clock);
        int processors = Environment.ProcessorCount;
        _short = new FairTurns("forecasts with sampled counts", processors, processors, 4 * ClientWaiting, Waiting);
        _long = new FairTurns("long forecasts", Math.Max(1, processors / 2), Math.Max(1, processors / 2), ClientWaiting, Waiting);
        // An answer of some ten megabytes is in memory until its reader has it.
        _answers = new FairTurns("long forecasts", _options.MaxLongAnswers, Math.Max(1, _options.MaxLongAnswers / 4), ClientWaiting, Waiting);
    }

    /// <summary>What a question costs, at most, in steps.</summary>
    /// <param name="values">Values that the model forecasts.</param>
    public static long StepsOf(ForecastQuestion question, int streams, int values) =>
        (long)streams * (StepsPerForecast + (StepsPerQuantile * question.Quantiles.Count) + (question.Marks / 16)
            + (values * StepsPerValueQuantile * (question.Quantiles.Count + 3)))
        + (question.ExpectedCount ? StepsOfSampling(streams, values) : 0)
        + (question.WithinMarks.Count > 0 ? StepsOfSampling(streams, Math.Max(1, values)) : 0)
        + (question.Paths > 0 ? Forecaster.MaxPathEvents : 0);

    /// <summary>Steps of the counts, and of the sums, which keep every event and take twice as long. Drawing a value takes a sixth of a
    /// step.</summary>
    private static long StepsOfSampling(int streams, int values) =>
        values == 0 ? Forecaster.StepsOfCounts(streams) : Forecaster.StepsOfCounts(streams) * (9 + values) / 3;

    /// <summary>Computes when it is the client's turn.</summary>
    /// <param name="http">The request: until its answer is out a long one counts.</param>
    /// <param name="steps">What it costs (<see cref="StepsOf"/>).</param>
    /// <param name="gather">Gets what the work is about, once it is its turn.</param>
    /// <param name="compute">The work; it runs on a thread of its own and may use one processor.</param>
    /// <param name="aborted">The caller has gone: ends waiting and work.</param>
    /// <exception cref="RequestException">Too many wait, or this one did for too long.</exception>
    public async Task<TResult> RunAsync<TInput, TResult>(HttpContext http, long steps, Func<CancellationToken, Task<TInput>> gather,
        Func<TInput, ParallelOptions, TResult> compute, CancellationToken aborted)
    {
        if (steps <= CheapSteps)
        {
            return compute(await gather(aborted), new ParallelOptions { MaxDegreeOfParallelism = 1 });
        }
        string client = ClientIdentity.Of(http);
        using var deadline = new CancellationTokenSource(_options.ForecastTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            if (steps > ShortSteps)
            {
                HoldUntilAnswered(http, await _answers.TakeAsync(client, either.Token));
            }
            using FairTurns.Turn turn = await (steps > ShortSteps ? _long : _short).TakeAsync(client, either.Token);
            TInput input = await gather(either.Token);
            var options = new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = either.Token };
            return await Task.Factory.StartNew(
                () => compute(input, options), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new RequestException(ProblemKind.Overloaded,
                $"The forecast was not ready within {_options.ForecastTimeout.TotalSeconds:0.###} s, because others are computed at the same time. "
                + "Ask for fewer streams, quantiles or paths at a time, leave expectedCount out, or ask again after a pause.");
        }
    }

    /// <summary>Keeps a turn until the answer is out; a reader that takes too long over it loses his connection.</summary>
    private void HoldUntilAnswered(HttpContext http, FairTurns.Turn turn)
    {
        ITimer patience = _clock.CreateTimer(static context => ((HttpContext)context!).Abort(), http,
            _options.ForecastTimeout + _options.BodyTimeout, Timeout.InfiniteTimeSpan);
        http.Response.OnCompleted(() =>
        {
            turn.Dispose();
            return patience.DisposeAsync().AsTask();
        });
    }
}
