using System.Text;
using Foretell.Kubernetes.Tests.Rules;
using Foretell.Rendering;
using Foretell.Support;
using k8s.Models;
using Npgsql;

namespace Foretell.Kubernetes.Tests;

/// <summary>Every overlay as it would be applied.</summary>
public class OverlayTests
{
    public static TheoryData<string> Overlays =>
        [.. Directory.EnumerateDirectories(Repository.At("k8s/overlays")).Select(Repository.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_WhenRendered_HasNothingWrong(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);

        Assert.Equal(3, manifests.Silos.Count());
        Assert.Empty(ManifestRules.Check(manifests));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_WhenItNeedsASecret_HasItNamedInTheGuide(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);
        string guide = await File.ReadAllTextAsync(Repository.At("docs/kubernetes.md"));

        Assert.All(ReferenceRules.SecretsToMake(manifests), secret => Assert.Contains(secret, guide, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Overlay_WhenRendered_LetsTablesBeMadeBeforeEachSilo(string overlay)
    {
        Manifests manifests = await LoadAsync(overlay);

        Assert.All(manifests.Silos, silo =>
        {
            V1Container migrate = Assert.Single(silo.Workload.Pod.InitContainers, Runs.Program);
            Assert.Equal(["migrate"], migrate.Args);
            Assert.Equal(silo.Container.Image, migrate.Image);
        });
    }

    [Fact]
    public async Task Production_WhenRendered_HoldsNoSecret()
    {
        foreach (string overlay in Overlays.Select(row => row.Data).Where(o => !o.EndsWith("/dev", StringComparison.Ordinal)))
        {
            Assert.Empty((await LoadAsync(overlay)).All<V1Secret>());
        }
    }

    [Fact]
    public async Task Dev_WhenRendered_BringsTheDemosModelWhole()
    {
        Manifests manifests = await LoadAsync("k8s/overlays/dev");

        V1ConfigMap model = Assert.Single(manifests.All<V1ConfigMap>(), map => map.BinaryData?.Count > 0);

        Assert.Equal(await File.ReadAllBytesAsync(Repository.At("src/Cli/Models/demo.safetensors")), model.BinaryData["model.safetensors"]);
        Assert.All(manifests.Silos, silo =>
            Assert.Contains(silo.Workload.Pod.Volumes, v => v.Name == "model" && v.ConfigMap?.Name == model.Metadata.Name));
    }

    [Fact]
    public async Task Dev_WhenItsConnectionStringIsRead_LeadsToItsOwnDatabaseWithoutKerberos()
    {
        Manifests manifests = await LoadAsync("k8s/overlays/dev");
        V1Secret secret = Assert.Single(manifests.All<V1Secret>());
        var connection = new NpgsqlConnectionStringBuilder(Encoding.UTF8.GetString(secret.Data["connection"]));

        Assert.Contains(manifests.All<V1Service>(), service => service.Metadata.Name == connection.Host);
        Assert.Equal(Encoding.UTF8.GetString(secret.Data["password"]), connection.Password);
        // The image has no library of Kerberos, and Npgsql would look for it with every connection.
        Assert.Equal(GssEncryptionMode.Disable, connection.GssEncryptionMode);
    }

    [Fact]
    public async Task Gpu_WhenRendered_GivesEachWorkerOneAndNobodyElseAny()
    {
        Manifests manifests = await LoadAsync("k8s/overlays/production-gpu");

        foreach (SiloContainer silo in manifests.Silos)
        {
            bool isWorker = silo.Settings().Has("worker");
            Assert.Equal(isWorker ? "cuda" : "cpu", silo.Settings().Device);
            Assert.Equal(isWorker, silo.Container.Resources.Limits.TryGetValue("nvidia.com/gpu", out ResourceQuantity? gpus));
            Assert.Equal(isWorker ? "1" : null, gpus?.ToString());
            Assert.Equal(isWorker, silo.Workload.Pod.Tolerations?.Any(t => t.Key == "nvidia.com/gpu") ?? false);
        }
    }

    [Fact]
    public async Task EventHubs_WhenRendered_AreReadByEverySilo()
    {
        Manifests manifests = await LoadAsync("k8s/overlays/production-event-hubs");

        Assert.All(manifests.Silos, silo => Assert.Equal("orders", Assert.Single(silo.Settings().EventHubs).Name));
    }

    [Fact]
    public async Task Tls_WhenInProduction_IsOnEverySiloAndItsFileIsMounted()
    {
        Manifests manifests = await LoadAsync("k8s/overlays/production");

        Assert.All(manifests.Silos, silo =>
        {
            string file = silo.Settings().Certificate!;
            V1VolumeMount mount = Assert.Single(silo.Container.VolumeMounts, m => file.StartsWith(m.MountPath + "/"));
            V1Volume volume = Assert.Single(silo.Workload.Pod.Volumes, v => v.Name == mount.Name);
            Assert.Contains(volume.Secret.Items, item => $"{mount.MountPath}/{item.Path}" == file);
        });
    }

    private static async Task<Manifests> LoadAsync(string overlay)
    {
        Kustomize.SkipWithoutIt();
        return Manifests.Load(await Kustomize.RenderAsync(Repository.At(overlay)));
    }
}
