using System.Net;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Hosting;
using Foretell.Support;
using Foretell.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Foretell.Stores.Postgres.Tests;

/// <summary>The API over tables that another session keeps locked: every request is answered in time, and says what is wrong.</summary>
[Collection(PostgresServer.Name)]
public sealed class LockedTableTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly TimeSpan s_lock = TimeSpan.FromSeconds(1), s_answer = TimeSpan.FromSeconds(8);

    private PostgresOptions _options = null!;
    private EmbeddedPlatform _platform = null!;
    private WebApplication _web = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _options = await server.NewSchemaAsync() with { LockTimeout = s_lock, CommandTimeout = 3 * s_lock };
        _platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = PostgresStorage.In(_options, 2),
            Model = Small.Model,
            Threads = 1,
        });
        await _platform.Ready;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IPlatform>(_platform);
        builder.AddForetell(o => (o.AppendTimeout, o.RequestTimeout) = (5 * s_lock, 5 * s_lock));
        _web = builder.Build();
        _web.MapForetell();
        await _web.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_web.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            _client.Dispose();
            await _web.StopAsync();
            await _web.DisposeAsync();
            await _platform.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("partition")]
    [InlineData("segment")]
    [InlineData("request")]
    [InlineData("shard")]
    [InlineData("page")]
    [InlineData("owner")]
    [InlineData("dead_letter")]
    [InlineData("alert")]
    [InlineData("alert_end")]
    public async Task Api_WhenATableIsLocked_AnswersEveryRequestInTimeAndIsWellAgainAfterwards(string table)
    {
        string known = await AcceptedAsync(Send(0));
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync(Get($"/v1/streams/a/forecast?after={known}"))).Status);
        using (_options.Lock(table))
        {
            // Several at once: the last one, too, must not wait for all the others' patience.
            (HttpStatusCode Status, string Body)[] answers = await Task.WhenAll(
                AnswerAsync(Send(1)), AnswerAsync(Send(2)), AnswerAsync(Send(3)), AnswerAsync(Send(4)),
                AnswerAsync(Get("/v1/streams/a")), AnswerAsync(Get("/v1/streams/a/forecast")), AnswerAsync(Get("/v1/overdue")),
                AnswerAsync(Get("/v1/dead-letters")), AnswerAsync(Get("/v1/status")), AnswerAsync(Get("/health/ready")),
                AnswerAsync(Get("/v1/alerts/events")), AnswerAsync(Get("/v1/streams/a/events")), AnswerAsync(Get($"/v1/status?after={known}")));
            Assert.All(answers, answer => Assert.True(
                answer.Status is HttpStatusCode.OK or HttpStatusCode.Accepted
                    or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
                $"{(int)answer.Status} {answer.Body}"));
            Assert.All(answers.Where(answer => answer.Status == HttpStatusCode.ServiceUnavailable), answer =>
                Assert.Matches("lock|did not answer|has not written|waited for|not ready|cannot", answer.Body));
        }
        // What waits in the queue goes first, and readers look again after a pause.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await AnswerAsync(Send(5))).Status != HttpStatusCode.Accepted)
        {
            await Task.Delay(100, limit.Token);
        }
        Assert.True(Position.TryParse(await AcceptedAsync(Send(6)), out Position position));
        await _platform.WaitAppliedAsync(position, limit.Token);
    }

    private static HttpRequestMessage Get(string address) => new(HttpMethod.Get, address);

    private static HttpRequestMessage Send(int i) => new(HttpMethod.Post, "/v1/events")
    {
        Headers = { { "Idempotency-Key", Guid.NewGuid().ToString() } },
        Content = new StringContent($$"""{"stream":"a","time":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + i}},"mark":"view"}""", Encoding.UTF8, "application/json"),
    };

    private async Task<string> AcceptedAsync(HttpRequestMessage request)
    {
        (HttpStatusCode status, string body) = await AnswerAsync(request);
        Assert.True(status == HttpStatusCode.Accepted, body);
        return (string)System.Text.Json.Nodes.JsonNode.Parse(body)!["position"]!;
    }

    /// <summary>The answer, of a feed its head, within the time that every request must have one.</summary>
    private async Task<(HttpStatusCode Status, string Body)> AnswerAsync(HttpRequestMessage request)
    {
        using (request)
        {
            try
            {
                using HttpResponseMessage answer =
                    await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(s_answer);
                string body = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? ""
                    : await answer.Content.ReadAsStringAsync().WaitAsync(s_answer);
                return (answer.StatusCode, body);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"{request.Method} {request.RequestUri} was not answered within {s_answer}.");
            }
        }
    }
}
