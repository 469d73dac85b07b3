using System.Net;
using System.Text;

namespace Foretell.Ingest.Tests.Replay;

/// <summary>The network between client and host: passes requests on, but for the faults that a test puts in its way.</summary>
internal sealed class Wire : DelegatingHandler
{
    private readonly Queue<Fault?> _faults = new();

    /// <summary>What happens to one request.</summary>
    public delegate Task<HttpResponseMessage> Fault(Func<Task<HttpResponseMessage>> pass);

    public Wire()
        : base(new SocketsHttpHandler())
    {
    }

    /// <summary>Idempotency keys in the order of the attempts.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>Bodies in the order of the attempts.</summary>
    public List<string> Bodies { get; } = [];

    /// <summary>The next requests meet these faults in turn; null passes one on.</summary>
    public Wire Then(params Fault?[] faults)
    {
        foreach (Fault? fault in faults)
        {
            _faults.Enqueue(fault);
        }
        return this;
    }

    public static Fault Answer(HttpStatusCode status, string body = "", TimeSpan? retryAfter = null) => _ =>
    {
        var answer = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        answer.Headers.RetryAfter = retryAfter is { } delay ? new(delay) : null;
        return Task.FromResult(answer);
    };

    public static Fault Refuse { get; } =
        _ => throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");

    public static Fault TimeOut { get; } =
        _ => throw new TaskCanceledException("The request timed out.", new TimeoutException());

    /// <summary>The host does its work, and its answer never arrives.</summary>
    public static Fault LoseAnswer { get; } = async pass =>
    {
        (await pass()).Dispose();
        throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Keys.Add(request.Headers.GetValues("Idempotency-Key").Single());
        Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
        Fault? fault = _faults.Count > 0 ? _faults.Dequeue() : null;
        return fault is null
            ? await base.SendAsync(request, cancellationToken)
            : await fault(() => base.SendAsync(request, cancellationToken));
    }
}
