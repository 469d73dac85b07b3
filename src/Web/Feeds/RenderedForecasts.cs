using System.Globalization;
using System.Text.Json;
using Foretell.Engine.Feeds;
using Foretell.Hosting;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Foretell.Web.Feeds;

/// <summary>The forecasts of feeds as JSON, each made once, however many readers a stream has: what a reader costs is the
/// writing.</summary>
/// <remarks>The latest are kept, up to some megabytes. New ones are made on half of the processors at most, so that readers who all ask
/// differently wait for each other and not the rest of the API for them.</remarks>
/// <param name="platform">Whose streams they are.</param>
/// <param name="json">How the API writes JSON.</param>
internal sealed class RenderedForecasts(IPlatform platform, IOptions<JsonOptions> json) : IDisposable
{
    private const int KeptBytes = 8 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<Key, Lazy<Task<byte[]>>> _kept = [];
    private readonly Queue<(Key Key, int Bytes)> _order = new();
    private readonly SemaphoreSlim _makers = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _bytes;

    /// <summary>How many were made; readers who ask alike share one.</summary>
    public int Made { get; private set; }

    /// <summary>A name for what is asked, the same for questions that have the same answer.</summary>
    public static string NameOf(ForecastQuestion question) => string.Create(CultureInfo.InvariantCulture,
        $"{question.HorizonSeconds:R};{question.Marks};{string.Join(',', question.Quantiles.Select(q => q.ToString("R", CultureInfo.InvariantCulture)))}");

    /// <summary>The forecast right after one of a stream's events.</summary>
    /// <param name="change">The event, and the state behind it.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="name">Its name (<see cref="NameOf"/>).</param>
    public Task<byte[]> GetAsync(ForecastChange change, ForecastQuestion question, string name)
    {
        // A stream's state is a function of its events, so its number says which state this is.
        var key = new Key(change.Stream, change.Partition, change.Sequence, name);
        lock (_gate)
        {
            if (!_kept.TryGetValue(key, out Lazy<Task<byte[]>>? made))
            {
                _kept.Add(key, made = new Lazy<Task<byte[]>>(() => MakeAsync(key, change, question)));
                Made++;
            }
            return made.Value;
        }
    }

    public void Dispose() => _makers.Dispose();

    private async Task<byte[]> MakeAsync(Key key, ForecastChange change, ForecastQuestion question)
    {
        // Behind the lock: whoever comes next finds the task, and need not wait for it to be begun.
        await Task.Yield();
        await _makers.WaitAsync();
        byte[] bytes;
        try
        {
            FeedEvent forecast = ForecastEvent.Of(platform.Forecaster, change, question);
            bytes = JsonSerializer.SerializeToUtf8Bytes(forecast, json.Value.SerializerOptions.GetTypeInfo(typeof(FeedEvent)));
        }
        catch
        {
            Forget(key);
            throw;
        }
        finally
        {
            _makers.Release();
        }
        lock (_gate)
        {
            _order.Enqueue((key, bytes.Length));
            for (_bytes += bytes.Length; _bytes > KeptBytes && _order.Count > 1; _bytes -= _order.Dequeue().Bytes)
            {
                _kept.Remove(_order.Peek().Key);
            }
        }
        return bytes;
    }

    private void Forget(Key key)
    {
        lock (_gate)
        {
            _kept.Remove(key);
        }
    }

    private readonly record struct Key(string Stream, int Partition, long Sequence, string Question);
}
