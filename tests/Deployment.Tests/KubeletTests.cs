using System.Globalization;
using System.Net;
using Foretell.Deployment.Tests.Control;
using Foretell.Deployment.Tests.Kubelet;
using Foretell.Support;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Foretell.Deployment.Tests;

/// <summary>The test kubelet does what is asked of it: where it did not, the tests beside this one would find nothing.</summary>
public sealed class KubeletTests : IAsyncLifetime
{
    private const string Image = "program:1";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Node _node = new();
    private readonly List<DeploymentController> _deployments = [];
    // One server for all pods, since all of their addresses lead here: what a probe asks, and of whom, is answered by the test.
    private WebApplication? _server;
    private Func<IPAddress, string, bool> _isWell = (_, _) => true;

    public async ValueTask InitializeAsync()
    {
        _node.Images[Image] = new Image(["sh", "-c"]);
        _server = WebApplication.CreateSlimBuilder().Build();
        _server.Urls.Add("http://0.0.0.0:0");
        _server.Run(context =>
        {
            context.Response.StatusCode = _isWell(context.Connection.LocalIpAddress!.MapToIPv4(), context.Request.Path) ? 200 : 503;
            return Task.CompletedTask;
        });
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (DeploymentController deployment in _deployments)
        {
            deployment.Scale(0);
            foreach (Pod pod in deployment.Everyone)
            {
                pod.Kill();
                await pod.Ended.WaitAsync(s_limit);
            }
        }
        await _server!.DisposeAsync();
        _node.Dispose();
    }

    [Fact]
    public async Task Pod_WhenItDoesNotHearSigterm_IsKilledAtTheEndOfItsGrace()
    {
        DeploymentController deployment = await StartAsync("trap '' TERM; while true; do sleep 0.1; done", replicas: 1);
        Pod pod = deployment.Pods[0];

        deployment.Scale(0);
        await pod.Ended.WaitAsync(s_limit);

        Assert.True(pod.OutlivedItsGrace, pod.History);
        Assert.InRange(pod.TimeToEnd!.Value.TotalSeconds, 3, 10);
    }

    [Fact]
    public async Task Pod_WhenItHasAPreStop_HearsSigtermBehindIt()
    {
        DeploymentController deployment = await StartAsync("exec sleep 600", replicas: 1);
        Pod pod = deployment.Pods[0];

        deployment.Scale(0);
        Assert.True(pod.IsTerminating);
        await pod.Ended.WaitAsync(s_limit);

        Assert.False(pod.OutlivedItsGrace, pod.History);
        // A timer may come a little before its time.
        Assert.InRange(pod.TimeToEnd!.Value, 0.9 * pod.PreStop, s_limit);
    }

    [Fact]
    public async Task Pod_WhenItsProbesFail_IsNotReadyAndThenStartedAgain()
    {
        DeploymentController deployment = await StartAsync("exec sleep 600", replicas: 1);
        Pod pod = deployment.Pods[0];

        _isWell = (_, path) => path != "/ready";
        await Until.TrueAsync(() => !pod.IsReady, s_limit);
        Assert.Equal(0, pod.EndedByProbe);
        _isWell = (_, path) => path != "/live";
        await Until.TrueAsync(() => pod.EndedByProbe == 1, s_limit);
        _isWell = (_, _) => true;

        await deployment.RolledOutAsync(s_limit);
        Assert.Same(pod, Assert.Single(deployment.Pods));
    }

    [Fact]
    public async Task Pod_WhenAnInitContainerFails_BeginsOnceItDoesNot()
    {
        string file = _node.FolderOf("shared");
        V1Deployment wanted = Deployment("exec sleep 600", replicas: 1);
        wanted.Spec.Template.Spec.InitContainers =
            [new V1Container { Name = "first", Image = Image, Args = [$"test -e {file}/tried || {{ touch {file}/tried; exit 1; }}"] }];

        DeploymentController deployment = await StartAsync(wanted);

        Assert.Contains("first ended with 1", deployment.Pods[0].History, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_WhenUpdated_AlwaysHasAsManyReadyPodsAsAreWanted()
    {
        DeploymentController deployment = await StartAsync("exec sleep 600", replicas: 2);
        var proxy = new ServiceProxy(1, () => deployment.Everyone);
        int least = int.MaxValue, most = 0;
        // Looked at whenever a probe comes, which is more often than anything changes.
        _isWell = (_, _) =>
        {
            IReadOnlyList<Pod> pods = deployment.Pods;
            (least, most) = (Math.Min(least, pods.Count(p => p.IsReady)), Math.Max(most, pods.Count));
            return true;
        };
        Pod[] before = [.. deployment.Pods];

        deployment.Apply(Deployment("exec sleep 601", replicas: 2), 0);
        await deployment.RolledOutAsync(s_limit);
        await proxy.ChangeAsync();

        Assert.Equal((2, 3), (least, most));
        Assert.All(before, p => Assert.True(p.IsTerminating));
        Assert.Equal(deployment.Pods.Select(p => p.Address), proxy.Endpoints);
    }

    private Task<DeploymentController> StartAsync(string script, int replicas) => StartAsync(Deployment(script, replicas));

    private async Task<DeploymentController> StartAsync(V1Deployment wanted)
    {
        var deployment = new DeploymentController(_node, () => { });
        _deployments.Add(deployment);
        deployment.Apply(wanted, 0);
        await deployment.RolledOutAsync(s_limit);
        return deployment;
    }

    private V1Deployment Deployment(string script, int replicas)
    {
        int port = new Uri(_server!.Urls.First()).Port;
        V1Probe Probe(string path, int failures) => new()
        {
            HttpGet = new V1HTTPGetAction { Path = path, Port = port.ToString(CultureInfo.InvariantCulture) },
            PeriodSeconds = 1,
            FailureThreshold = failures,
        };
        return new V1Deployment
        {
            Metadata = new V1ObjectMeta { Name = "pods" },
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Strategy = new V1DeploymentStrategy { RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = 1, MaxUnavailable = 0 } },
                Template = new V1PodTemplateSpec
                {
                    Spec = new V1PodSpec
                    {
                        TerminationGracePeriodSeconds = 3,
                        Containers =
                        [
                            new V1Container
                            {
                                Name = "program",
                                Image = Image,
                                Args = [script],
                                Ports = [new V1ContainerPort { Name = "http", ContainerPort = port }],
                                Lifecycle = new V1Lifecycle
                                {
                                    PreStop = new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = 1 } },
                                },
                                StartupProbe = Probe("/startup", 30),
                                ReadinessProbe = Probe("/ready", 1),
                                LivenessProbe = Probe("/live", 2),
                            },
                        ],
                    },
                },
            },
        };
    }
}
