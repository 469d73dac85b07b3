using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Holds "what may know what" of docs/architecture.md.</summary>
public class DependencyArrowsTests
{
    private const string Prefix = "Foretell.", Document = "docs/architecture.md";

    /// <summary>Direct references of each project under src: the third column of the document's table.</summary>
    private static readonly IReadOnlyDictionary<string, string[]> s_allowed = ReadTable();

    public static TheoryData<string> SourceProjects => [.. Repository.Projects("src").Select(Repository.Name)];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void ProjectReferences_WhenRead_FollowTheArrows(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(s_allowed.TryGetValue(name, out string[]? allowed),
            $"{project} has no place in the architecture; add it to the table of {Document}.");

        Assert.Equal(allowed!.Order(StringComparer.Ordinal), References(project).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(SourceProjects))]
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

    [Theory]
    [InlineData("Models")]
    [InlineData("Engine")]
    [InlineData("Hosting")]
    public void Library_WhenItsReferencesAreRead_KnowsNoDatabaseAndNoWebServer(string project)
    {
        string[] foreign = ["Npgsql", "SQLitePCLRaw.", "Microsoft.AspNetCore.", "Orleans."];

        Assert.DoesNotContain(AllReferences(AssemblyFile(Repository.At($"src/{project}/{project}.csproj"))),
            reference => foreign.Any(name => reference.StartsWith(name, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void Project_WhenItIsNoProgram_KnowsOneStoreAtMost(string project)
    {
        string[] stores = [.. References(project).Where(r => r.StartsWith("Stores.", StringComparison.Ordinal))];

        // The program starts either kind of host; everything else is handed the storage it works on.
        Assert.True(stores.Length < 2
            || Path.GetFileNameWithoutExtension(project) == "Cli", $"{project} knows {string.Join(" and ", stores)}.");
    }

    private static Dictionary<string, string[]> ReadTable() => File.ReadLines(Repository.At(Document))
        .Where(line => line.StartsWith("| `src/", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => cells[1].Trim('`')["src/".Length..],
            cells => cells[3] == "nothing" ? [] : cells[3].Split(", ", StringSplitOptions.TrimEntries));

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(Repository.At(project)).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(((string?)r.Attribute("Include") ?? "").Replace('\\', '/')));

    /// <summary>The project itself and everything that its arrows lead to.</summary>
    private static HashSet<string> Reachable(string name) => [name, .. s_allowed[name].SelectMany(Reachable)];

    internal static string AssemblyFile(string project)
    {
        string? named = (string?)XDocument.Load(Repository.At(project)).Descendants("AssemblyName").FirstOrDefault();
        return Path.Combine(AppContext.BaseDirectory, (named ?? Prefix + Path.GetFileNameWithoutExtension(project)) + ".dll");
    }

    private static IEnumerable<string> AssemblyReferences(string path) =>
        AllReferences(path).Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..]);

    private static string[] AllReferences(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences
            .Select(h => metadata.GetString(metadata.GetAssemblyReference(h).Name))];
    }
}
