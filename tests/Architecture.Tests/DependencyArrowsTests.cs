using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Holds "what may know what" of docs/architecture.md.</summary>
public class DependencyArrowsTests
{
    /// <summary>Direct references that each project under src may have. A project that is not built yet may be named already.</summary>
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Models"] = [],
        ["Models.Torch"] = ["Models"],
        ["Streams"] = ["Models"],
        ["Ingest"] = ["Streams"],
        ["Ingest.EventHubs"] = ["Ingest"],
        ["Web"] = ["Streams", "Ingest"],
        ["Cli"] = ["Web"],
        ["Grains"] = ["Streams"],
        ["Silo"] = ["Grains", "Web", "Ingest.EventHubs", "Models.Torch"],
    };

    private const string Prefix = "Foretell.";

    public static TheoryData<string> SourceProjects => [.. Repository.Projects("src").Select(Repository.Name)];

    /// <summary>Those whose assemblies lie beside this test because the program at the end of the arrows uses them.</summary>
    public static TheoryData<string> EmbeddedProjects =>
        [.. Repository.Projects("src").Select(Repository.Name).Where(p => Reachable("Cli").Contains(Path.GetFileNameWithoutExtension(p)))];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void ProjectReferences_WhenRead_FollowTheArrows(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(s_allowed.TryGetValue(name, out string[]? allowed),
            $"{project} has no place in the architecture; add it to docs/architecture.md and to this test.");

        string[] forbidden = [.. References(project).Except(allowed)];

        Assert.True(forbidden.Length == 0,
            $"{project} may reference only [{string.Join(", ", allowed)}], but references {string.Join(", ", forbidden)}.");
    }

    [Theory]
    [MemberData(nameof(EmbeddedProjects))]
    public void AssemblyReferences_WhenRead_FollowTheArrows(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        HashSet<string> reachable = Reachable(name);

        string[] forbidden = [.. AssemblyReferences(AssemblyFile(project)).Where(r => !reachable.Contains(r))];

        Assert.True(forbidden.Length == 0, $"{name} uses {string.Join(", ", forbidden)}, which no arrow leads to.");
    }

    [Fact]
    public void Arrows_WhenFollowed_NeverComeBack()
    {
        foreach (string name in s_allowed.Keys)
        {
            Assert.DoesNotContain(name, s_allowed[name].SelectMany(Reachable));
        }
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(Repository.At(project)).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(((string?)r.Attribute("Include") ?? "").Replace('\\', '/')));

    /// <summary>The project itself and everything that its arrows lead to.</summary>
    private static HashSet<string> Reachable(string name) => [name, .. s_allowed[name].SelectMany(Reachable)];

    private static string AssemblyFile(string project)
    {
        string? named = (string?)XDocument.Load(Repository.At(project)).Descendants("AssemblyName").FirstOrDefault();
        return Path.Combine(AppContext.BaseDirectory, (named ?? Prefix + Path.GetFileNameWithoutExtension(project)) + ".dll");
    }

    private static IEnumerable<string> AssemblyReferences(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences
            .Select(h => metadata.GetString(metadata.GetAssemblyReference(h).Name))
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..])];
    }
}
