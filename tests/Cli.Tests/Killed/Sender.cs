using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Cli.Tests.Killed;

/// <summary>Sends batches of events of its own streams, and of labels where the model has any, over HTTP, one after the other, each with a
/// key and until it is acknowledged; and knows what states an undisturbed host has of them.</summary>
internal sealed class Sender(int number, int seed, ForecastModel model)
{
    private const long Start = 1_760_000_000 * EventTime.PerSecond;
    private const int Streams = 12;

    // Some of them the model does not know, as it knows no mark at all of an event without one.
    private static readonly string[] s_marks = ["view", "cart", "buy", "debit", "surprise", ""];
    private static readonly string[] s_values = ["amount", "pulse", "temp"];
    private static readonly string[] s_labels = ["human", "bot", "alien"];

    private readonly Random _random = new(seed);
    private readonly Reference _reference = new(model);
    private readonly List<(string Key, string Body, string Answer)> _acknowledged = [];
    private (string Key, string Body, int Events)? _pending;
    private long _ticks = Start;
    private int _batches;

    /// <summary>Events that a host has acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Events of the batch that was sent and not acknowledged.</summary>
    public long Pending => _pending?.Events ?? 0;

    /// <summary>What the plain reference says of everything that was sent.</summary>
    public Reference Reference => _reference;

    /// <summary>Sends until the host is gone.</summary>
    public async Task SendUntilItIsGoneAsync(HttpClient host)
    {
        try
        {
            await SendAsync(host, int.MaxValue);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The batch stays pending: nobody knows whether it is in the log.
        }
    }

    /// <summary>Sends some batches, and some of them twice.</summary>
    public async Task SendAsync(HttpClient host, int batches)
    {
        for (int i = 0; i < batches; i++)
        {
            _pending ??= Draw();
            await AcknowledgeAsync(host);
            if (_random.Next(6) == 0)
            {
                await RepeatAsync(host, _random.Next(_acknowledged.Count));
            }
        }
    }

    /// <summary>Sends again what was not acknowledged, and then some of that which was: it must take no effect.</summary>
    public async Task RepeatAllAsync(HttpClient host)
    {
        if (_pending is not null)
        {
            await AcknowledgeAsync(host);
        }
        for (int i = 1; i <= Math.Min(3, _acknowledged.Count); i++)
        {
            await RepeatAsync(host, _acknowledged.Count - i);
            await RepeatAsync(host, _random.Next(_acknowledged.Count));
        }
    }

    private async Task AcknowledgeAsync(HttpClient host)
    {
        (string key, string body, int events) = _pending!.Value;
        (string answer, bool _) = await PostAsync(host, key, body);
        Assert.Contains($"\"accepted\":{events},", answer);
        _acknowledged.Add((key, body, answer));
        (_pending, Acknowledged) = (null, Acknowledged + events);
    }

    private async Task RepeatAsync(HttpClient host, int batch)
    {
        (string key, string body, string first) = _acknowledged[batch];
        (string answer, bool replayed) = await PostAsync(host, key, body);
        Assert.True(replayed, $"A repeat of {key} took effect a second time.");
        Assert.Equal(first, answer);
    }

    private static async Task<(string Answer, bool Replayed)> PostAsync(HttpClient host, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/events");
        request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/x-ndjson"));
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await host.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        return (text, answer.Headers.Contains("Idempotent-Replayed"));
    }

    /// <summary>A batch: most are small, one of five is large.</summary>
    private (string Key, string Body, int Events) Draw()
    {
        int count = _random.Next(5) == 0 ? _random.Next(500, 2000) : _random.Next(1, 20);
        var body = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            // Some come too late, and are dead letters.
            _ticks += _random.NextInt64(EventTime.PerSecond);
            long ticks = _random.Next(500) == 0 ? _ticks - TimeSpan.TicksPerHour : _ticks;
            string stream = string.Create(CultureInfo.InvariantCulture, $"sender-{number}/{_random.Next(Streams)}");
            if (model.Config.Labels is not null && _random.Next(12) == 0)
            {
                // Some of kinds that the model does not know, and some of a stream that never has an event: dead letters.
                stream = _random.Next(20) == 0 ? $"sender-{number}/nobody" : stream;
                string label = s_labels[_random.Next(s_labels.Length)];
                body.Append(EventSets.LabelJson(stream, ticks, label)).Append('\n');
                _reference.Label(0, new EventSets.Read(0, ticks, LogRecordKind.Label, ticks, stream, label, ""));
                continue;
            }
            string mark = s_marks[_random.Next(s_marks.Length)];
            // Known, unknown and missing values, where the model reads any.
            (string Name, double Value)[] values = model.ValueCount == 0 ? []
                : [.. s_values.Where(_ => _random.Next(3) > 0).Select(name => (name, Math.Exp(6 * _random.NextDouble())))];
            body.Append(EventSets.Json((stream, ticks, mark), values)).Append('\n');
            var read = new EventSets.Read(0, ticks, LogRecordKind.Event, ticks, stream, mark, "") { Values = EventSets.Text(values) };
            _reference.Apply(0, read, late: 5 * EventTime.PerSecond, future: TimeSpan.TicksPerHour);
        }
        return (string.Create(CultureInfo.InvariantCulture, $"{number}-{_batches++}"), body.ToString(), count);
    }
}
