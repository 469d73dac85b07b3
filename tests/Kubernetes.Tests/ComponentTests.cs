using Foretell.Kubernetes.Tests.Rules;
using Foretell.Rendering;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests;

/// <summary>Every component by itself on the base, also those that no overlay takes.</summary>
public sealed class ComponentTests : IDisposable
{
    private static readonly string[] s_needed = ["tls", "keys"];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Components =>
        [.. Directory.EnumerateDirectories(Repository.At("k8s/components")).Select(Repository.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Components))]
    public async Task Component_WhenPutOnTheBase_HasNothingWrong(string component)
    {
        Assert.Empty(ManifestRules.Check(await LoadAsync(component)));
    }

    [Fact]
    public async Task Components_WhenAllAreTaken_HaveNothingWrong() =>
        Assert.Empty(ManifestRules.Check(await LoadAsync("gpu", "autoscale-hpa", "dashboard", "event-hubs", "ingress", "model-image", "otel")));

    [Fact]
    public async Task Otel_WhenItNamesAVariable_NamesOneThatStandsBeforeIt()
    {
        Manifests manifests = await LoadAsync("otel");

        Assert.All(manifests.Silos, silo =>
        {
            string[] names = [.. silo.Container.Env.Select(e => e.Name)];
            Assert.InRange(Array.IndexOf(names, "POD_NAME"), 0, Array.IndexOf(names, "OTEL_RESOURCE_ATTRIBUTES") - 1);
        });
    }

    private async Task<Manifests> LoadAsync(params string[] components) => Manifests.Load(await RenderAsync(_folder, components));

    /// <summary>Components on the base, rendered, with those without which no silo starts.</summary>
    /// <param name="folder">Where to put the file that names them.</param>
    /// <param name="components">Their folders' names.</param>
    internal static async Task<string> RenderAsync(TemporaryFolder folder, params string[] components)
    {
        Kustomize.SkipWithoutIt();
        string root = Path.GetRelativePath(folder.Path, Repository.At("k8s")).Replace('\\', '/');
        folder.Write("kustomization.yaml", $"""
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources:
              - {root}/base
            components:
            {string.Join('\n', components.Select(Path.GetFileName).Union(s_needed).Select(c => $"  - {root}/components/{c}"))}
            images:
              - name: foretell-silo
                newTag: test
              - name: foretell-model
                newTag: test
            """);
        return await Kustomize.RenderAsync(folder.Path);
    }
}
