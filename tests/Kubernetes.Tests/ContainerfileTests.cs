using System.Text.RegularExpressions;
using Foretell.Rendering;
using Foretell.Support;

namespace Foretell.Kubernetes.Tests;

/// <summary>Images and manifests agree: the same user, the same ports, the same program.</summary>
public partial class ContainerfileTests
{
    public static TheoryData<string> Files => ["Containerfile", "Containerfile.cuda"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Image_WhenAPodRunsIt_HasItsUserAndItsPorts(string file)
    {
        Kustomize.SkipWithoutIt();
        string text = await File.ReadAllTextAsync(Repository.At(file));
        Manifests manifests = Manifests.Load(await Kustomize.RenderAsync(Repository.At("k8s/overlays/production")));

        Assert.All(manifests.Silos, silo =>
        {
            Assert.Contains($"USER {silo.Workload.Pod.SecurityContext.RunAsUser}:{silo.Workload.Pod.SecurityContext.RunAsGroup}\n", text);
            Assert.Contains($"EXPOSE {string.Join(' ', silo.Container.Ports.Select(p => p.ContainerPort))}\n", text);
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Build_WhenItCopies_FindsEachFileAndTheIgnoreFileLetsItIn(string file)
    {
        string[] sources = [.. CopyLine().Matches(File.ReadAllText(Repository.At(file)))
            .SelectMany(m => m.Groups[1].Value.Split(' ')[..^1])];
        string[] letIn = [.. File.ReadAllLines(Repository.At(".containerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..])];

        Assert.Contains("src", sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Repository.At(source)), source));
        Assert.Equal(sources.Order(StringComparer.Ordinal), letIn.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Entrypoint_WhenItStarts_NamesTheProgramThatIsPublished(string file) =>
        Assert.Contains($"ENTRYPOINT [\"/app/{typeof(Silo.Settings.SiloSettings).Assembly.GetName().Name}\"]",
            File.ReadAllText(Repository.At(file)), StringComparison.Ordinal);

    /// <summary>What comes from the repository, not from another stage.</summary>
    [GeneratedRegex(@"^COPY (?!--from)(.+)$", RegexOptions.Multiline)]
    private static partial Regex CopyLine();
}
