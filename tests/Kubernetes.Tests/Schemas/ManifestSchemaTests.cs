using System.Text.RegularExpressions;
using Foretell.Rendering;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests.Schemas;

/// <summary>Every kind of object, those of other software too, has the fields that it must have. The strict reader of the other tests
/// finds what must not be there, and knows Kubernetes' own kinds alone.</summary>
public sealed partial class ManifestSchemaTests : IDisposable
{
    private const string Script = "manifests.mjs", Guide = "docs/kubernetes.md";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(OverlayTests.Overlays), MemberType = typeof(OverlayTests))]
    public async Task Overlay_WhenHeldAgainstItsModels_KeepsThem(string overlay) =>
        Assert.Empty(await CheckAsync(await OverlayAsync(overlay)));

    [Theory]
    [MemberData(nameof(ComponentTests.Components), MemberType = typeof(ComponentTests))]
    public async Task Component_WhenHeldAgainstItsModels_KeepsThem(string component) =>
        Assert.Empty(await CheckAsync(await ComponentTests.RenderAsync(_folder, component)));

    [Fact]
    public async Task Certificate_WhenHeldAgainstItsModel_KeepsIt() => Assert.Empty(await CheckAsync(Certificate()));

    [Fact]
    public async Task Deployment_WhenItHasNoSelector_IsRefused() => AssertNamed("Deployment foretell-gateway", "selector",
        await CheckAsync(Without(await OverlayAsync("k8s/overlays/production"), "kind: Deployment", "  selector:\n(    .+\n)+")));

    [Fact]
    public async Task ScaledObject_WhenItScalesNothing_IsRefused() => AssertNamed("ScaledObject foretell-worker", "scaleTargetRef",
        await CheckAsync(Without(await ComponentTests.RenderAsync(_folder, "autoscale-keda"), "kind: ScaledObject", "  scaleTargetRef:\n    .+\n")));

    [Fact]
    public async Task PrometheusRule_WhenAFieldHasAnotherType_IsRefused()
    {
        string yaml = await ComponentTests.RenderAsync(_folder, "monitoring");
        string wrong = AlertName().Replace(yaml, "- alert: [one, two]\n", 1);
        Assert.NotEqual(yaml, wrong);

        AssertNamed("PrometheusRule foretell", "alert", await CheckAsync(wrong));
    }

    [Fact]
    public async Task Certificate_WhenItSaysNothingOfItsSecret_IsRefused() => AssertNamed("Certificate foretell-silo", "secretName",
        await CheckAsync(Without(Certificate(), "kind: Certificate", "  secretName: .+\n")));

    private static Task<string> OverlayAsync(string overlay)
    {
        Kustomize.SkipWithoutIt();
        return Kustomize.RenderAsync(Repository.At(overlay));
    }

    private static Task<IReadOnlyList<string>> CheckAsync(string yaml)
    {
        SchemaPackages.SkipWithoutThem();
        return SchemaPackages.CheckAsync(Script, yaml);
    }

    /// <summary>The one that the guide has for its readers.</summary>
    private static string Certificate() => GuidesCertificate().Match(File.ReadAllText(Repository.At(Guide))).Value;

    /// <summary>Manifests in which the first object of a kind lacks something.</summary>
    private static string Without(string yaml, string kind, string field)
    {
        int start = yaml.IndexOf(kind, StringComparison.Ordinal);
        string rest = new Regex(field).Replace(yaml[start..], "", 1);
        Assert.True(rest.Length < yaml.Length - start, $"The manifests hold no '{field}' any more; plant this mistake elsewhere.");
        return yaml[..start] + rest;
    }

    private static void AssertNamed(string who, string field, IReadOnlyList<string> found)
    {
        string sentence = Assert.Single(found);
        Assert.StartsWith(who, sentence, StringComparison.Ordinal);
        Assert.Contains(field, sentence, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"- alert: \w+\n")]
    private static partial Regex AlertName();

    [GeneratedRegex("apiVersion: cert-manager.io/v1\n(?:(?!END).+\n)+")]
    private static partial Regex GuidesCertificate();
}
