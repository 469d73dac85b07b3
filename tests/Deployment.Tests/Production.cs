using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Foretell.Cli.Cluster;
using Foretell.Deployment.Tests.Control;
using Foretell.Deployment.Tests.Kubelet;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Rendering;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Foretell.Web.Guards;

namespace Foretell.Deployment.Tests;

/// <summary>The production overlay on this machine: what the guide says must be there before it, and its silos as processes.</summary>
/// <remarks>The model's image is stood in for by a folder with a small model, out of which its init container copies.</remarks>
internal sealed class Production : IAsyncDisposable
{
    /// <summary>Name of the silo's image in the overlay, and of a release to come (tests/Silo.Next).</summary>
    public const string Today = "registry.example.com/foretell-silo:0.1.0", Next = "registry.example.com/foretell-silo:0.2.0";

    private const string ModelImage = "registry.example.com/foretell-model:1", SiloSubject = "CN=foretell-silo";

    private readonly TemporaryFolder _folder = new();
    private readonly string _rendered;
    private readonly string _key;
    private readonly int _port;
    private readonly HttpClient _direct = new();
    private HttpClient? _http;

    private Production(string rendered, ThrowawayPostgres postgres)
    {
        (_rendered, Postgres) = (rendered, postgres);
        Options = new PostgresOptions { ConnectionString = $"{postgres.ConnectionString};GSS Encryption Mode=Disable" };
        Small.Model.Save(_folder.At("model.safetensors"));
        using var authority = new TestAuthority("Authority of the test");
        using X509Certificate2 certificate = authority.Issue(SiloSubject);
        byte[] keystore = File.ReadAllBytes(authority.Save(_folder.At("keystore.p12"), certificate));
        Node node = Namespace.Node;
        node.Images[Today] = new Image(["dotnet", Path.Combine(AppContext.BaseDirectory, "foretell-silo.dll")]);
        node.Images[Next] = new Image(["dotnet",
            Path.Combine(AppContext.BaseDirectory.Replace("Deployment.Tests", "Silo.Next", StringComparison.Ordinal), "foretell-silo-next.dll")]);
        node.Images[ModelImage] = new Image([], _folder.Path);
        node.Secrets["foretell-postgres"] = Secret("connection", Encoding.UTF8.GetBytes(Options.ConnectionString));
        node.Secrets["foretell-silo-tls"] = Secret("keystore.p12", keystore);
        node.Secrets["foretell-silo-tls-password"] = Secret("password", Encoding.UTF8.GetBytes(TestAuthority.Password));
        node.Secrets["foretell-keys"] = Secret(KeyFile.Name, MakeKey(_folder.At(KeyFile.Name), out _key));
        SiloContainer silo = Manifests.Load(rendered).Silos.First();
        (Partitions, StopLimit) = (silo.Settings().Partitions!.Value, silo.Settings().ShutdownTimeout);
        _port = silo.Container.Ports.Single(p => p.Name == "http").ContainerPort;
    }

    /// <summary>The namespace that the overlay is applied to.</summary>
    public TestNamespace Namespace { get; } = new();

    /// <summary>The database, which no manifest brings.</summary>
    public ThrowawayPostgres Postgres { get; }

    /// <summary>How it is reached.</summary>
    public PostgresOptions Options { get; }

    /// <summary>Partitions of the log, by the overlay.</summary>
    public int Partitions { get; }

    /// <summary>How long a graceful stop may take, by the overlay.</summary>
    public TimeSpan StopLimit { get; }

    /// <summary>Deployments of the overlay.</summary>
    public DeploymentController Gateways => Namespace.Deployments["foretell-gateway"];

    /// <inheritdoc cref="Gateways"/>
    public DeploymentController Readers => Namespace.Deployments["foretell-ingest"];

    /// <inheritdoc cref="Gateways"/>
    public DeploymentController Workers => Namespace.Deployments["foretell-worker"];

    /// <summary>The Service before the gateways.</summary>
    public ServiceProxy Service
    {
        get
        {
            ServiceProxy service = Namespace.Service("foretell");
            service.Key = _key;
            return service;
        }
    }

    /// <summary>Makes what must be there before the overlay; nothing runs yet but the database.</summary>
    public static async Task<Production> CreateAsync()
    {
        Kustomize.SkipWithoutIt();
        Assert.SkipWhen(PostgresPrograms.Find() is null, PostgresPrograms.HowToInstall);
        return new Production(await Kustomize.RenderAsync(Repository.At("k8s/overlays/production")), await ThrowawayPostgres.CreateAsync());
    }

    /// <summary>kubectl apply.</summary>
    /// <param name="image">The release to run.</param>
    /// <param name="only">Name of the one Deployment to apply; null for all.</param>
    public void Apply(string image = Today, string? only = null) =>
        Namespace.Apply(Manifests.Load(_rendered.Replace(Today, image, StringComparison.Ordinal)), only);

    /// <summary>Waits until every Deployment has all of its pods, of the newest template, ready, and the Service knows them.</summary>
    public async Task RolledOutAsync(TimeSpan limit)
    {
        await Task.WhenAll(Namespace.Deployments.Values.Select(d => d.RolledOutAsync(limit)));
        await Until.TrueAsync(() => Service.Endpoints.Count == Gateways.Pods.Count, limit);
    }

    /// <summary>Waits until all events that were acknowledged, and no others, are in the log and applied.</summary>
    public async Task AppliedAsync(long acknowledged, TimeSpan limit)
    {
        using var over = new CancellationTokenSource(limit);
        _http ??= Service.Connect();
        while (true)
        {
            JsonElement status = await _http.GetFromJsonAsync<JsonElement>("/v1/status", over.Token);
            if (status.GetProperty("ready").GetBoolean() && status.GetProperty("lagEvents").GetInt64() == 0)
            {
                Assert.Equal(acknowledged, status.GetProperty("eventsAccepted").GetInt64());
                Assert.Equal(acknowledged, status.GetProperty("eventsApplied").GetInt64());
                return;
            }
            Assert.False(over.IsCancellationRequested, $"Not everything is applied {limit.TotalSeconds} s later: {status}");
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>Waits until the store has what the log has, and holds it against the plain reference over the log.</summary>
    public async Task AssertEqualsReferenceAsync(long acknowledged, TimeSpan limit)
    {
        using var over = new CancellationTokenSource(limit);
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(Options, null, TimeProvider.System);
        await using var store = new PostgresStateStore(Options);
        for (int partition = 0; partition < Partitions; partition++)
        {
            while ((await store.ReadHeaderAsync(partition, over.Token))?.Position is not { } position
                || position < log.End(partition).Sequence)
            {
                await Task.Delay(50, over.Token);
            }
        }
        Reference reference = await Reference.ReplayAsync(log, Small.Model);
        Assert.Equal(acknowledged, Enumerable.Range(0, Partitions).Sum(p => log.End(p).Events));
        Assert.Equal(acknowledged, reference.Applied);
        Assert.Equal(reference.Digest(), await PlatformDigest.OfStoreAsync(store, Partitions, new ServingModel(Small.Model), default));
    }

    /// <summary>What a pod itself answers.</summary>
    public async Task<HttpStatusCode> GetAsync(Pod pod, string path)
    {
        using HttpResponseMessage answer = await _direct.GetAsync(new Uri($"http://{pod.Address}:{_port}{path}"));
        return answer.StatusCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Namespace.DisposeAsync();
        _http?.Dispose();
        _direct.Dispose();
        await Postgres.DisposeAsync();
        _folder.Dispose();
    }

    private static byte[] MakeKey(string file, out string text)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var key = ApiKey.Create(new ApiKey { Id = "", Hash = "", Name = "test", Scopes = Scope.All, Created = now }, out text);
        KeyFile.Update(file, _ => [key]);
        return File.ReadAllBytes(file);
    }

    private static Dictionary<string, byte[]> Secret(string key, byte[] value) => new() { [key] = value };
}
