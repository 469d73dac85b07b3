using System.Globalization;
using System.Net;
using k8s.Models;

namespace Foretell.Deployment.Tests.Kubelet;

/// <summary>One of a container's probes, asked as a kubelet asks: every period, each time over a new connection.</summary>
internal sealed class Probe
{
    private static readonly HttpClient s_http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly V1Probe _spec;
    private readonly Uri _url;

    /// <summary>A probe of a container.</summary>
    /// <param name="spec">What the manifest says.</param>
    /// <param name="container">Its ports.</param>
    /// <param name="address">The pod's address.</param>
    public Probe(V1Probe spec, V1Container container, IPAddress address)
    {
        _spec = spec;
        string port = spec.HttpGet.Port.ToString()!;
        int number = container.Ports.FirstOrDefault(p => p.Name == port)?.ContainerPort ?? int.Parse(port, CultureInfo.InvariantCulture);
        _url = new Uri($"http://{address}:{number}{spec.HttpGet.Path}");
    }

    /// <summary>Asks until it is cancelled, and tells each time that so many answers in a row as the manifest says agree.</summary>
    public async Task RunAsync(Action<bool> verdict, CancellationToken cancellationToken)
    {
        (int good, int bad) = (0, 0);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(_spec.PeriodSeconds ?? 10));
        while (!cancellationToken.IsCancellationRequested)
        {
            bool answer = await AskAsync(cancellationToken);
            (good, bad) = answer ? (good + 1, 0) : (0, bad + 1);
            // What is heard after the container's end says nothing of the next one.
            if (!cancellationToken.IsCancellationRequested
                && (good == (_spec.SuccessThreshold ?? 1) || bad == (_spec.FailureThreshold ?? 3)))
            {
                verdict(answer);
            }
            await timer.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(_spec.TimeoutSeconds ?? 1));
        using var request = new HttpRequestMessage(HttpMethod.Get, _url);
        request.Headers.ConnectionClose = true;
        try
        {
            using HttpResponseMessage answer = await s_http.SendAsync(request, limit.Token);
            return (int)answer.StatusCode is >= 200 and < 400;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
