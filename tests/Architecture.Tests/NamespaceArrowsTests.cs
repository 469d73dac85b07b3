using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Within a project, too, arrows point one way: no namespace uses another that uses it, however long the way round.</summary>
/// <remarks>Read off the compiled code: signatures, attributes and bodies. Constants are not seen, since the compiler writes
/// their values.</remarks>
public sealed class NamespaceArrowsTests(ITestOutputHelper output)
{
    private const string Root = "Foretell.";

    private static readonly Lazy<IReadOnlyDictionary<string, string[]>> s_arrows = new(Read);

    [Fact]
    public void Namespaces_WhenTheirArrowsAreFollowed_NeverComeBack()
    {
        foreach ((string from, string[] to) in s_arrows.Value.OrderBy(arrow => arrow.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{Short(from)} -> {(to.Length == 0 ? "nothing" : string.Join(", ", to.Select(Short)))}");
        }

        string[] circles = [.. s_arrows.Value.Keys.Select(Circle).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

        Assert.True(circles.Length == 0, $"Namespaces use each other in a circle:\n{string.Join('\n', circles)}");
    }

    [Fact]
    public void Namespaces_WhenComparedWithTheFolders_AreThem()
    {
        IReadOnlyList<string> projects = Repository.Projects("src", "tests", "bench");
        // A file belongs to the innermost project around it.
        static bool Holds(string project, string file) => file.StartsWith(Path.GetDirectoryName(project)! + '/', StringComparison.Ordinal);
        string[] astray = [.. projects.SelectMany(project => Directory
            .EnumerateFiles(Path.GetDirectoryName(project)!, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Repository.IsBuildOutput(file) && projects.Where(p => Holds(p, file)).MaxBy(p => p.Length) == project)
            .Select(file => (File: Repository.Name(file), Declared: Declared(file), Expected: Expected(project, file)))
            .Where(f => f.Declared is not null && f.Declared != f.Expected)
            .Select(f => $"{f.File} declares {f.Declared}, and its folder says {f.Expected}"))];

        Assert.True(astray.Length == 0, string.Join('\n', astray));
    }

    /// <summary>The shortest way from a namespace back to itself, or null.</summary>
    private static string? Circle(string start)
    {
        var from = new Dictionary<string, string>();
        var queue = new Queue<string>([start]);
        while (queue.TryDequeue(out string? at))
        {
            foreach (string next in s_arrows.Value[at])
            {
                if (next == start)
                {
                    var way = new List<string> { at };
                    while (way[^1] != start)
                    {
                        way.Add(from[way[^1]]);
                    }
                    way.Reverse();
                    // Every member of the circle finds it; told from its first name it is told once.
                    int first = way.IndexOf(way.Min(StringComparer.Ordinal)!);
                    return string.Join(" -> ", way.Skip(first).Concat(way.Take(first + 1)).Select(Short));
                }
                if (from.TryAdd(next, at))
                {
                    queue.Enqueue(next);
                }
            }
        }
        return null;
    }

    private static IReadOnlyDictionary<string, string[]> Read()
    {
        System.Reflection.Assembly[] assemblies =
            [.. Repository.Projects("src").Select(DependencyArrowsTests.AssemblyFile).Select(System.Reflection.Assembly.LoadFrom)];
        ArchUnitNET.Domain.Architecture architecture = new ArchLoader().LoadAssemblies(assemblies).Build();
        return architecture.Types.Where(IsOurs).GroupBy(NamespaceOf).ToDictionary(group => group.Key, group => group
            .SelectMany(type => type.Dependencies).Select(dependency => dependency.Target).Where(IsOurs).Select(NamespaceOf)
            .Distinct().Where(target => target != group.Key && SameProject(group.Key, target)).Order(StringComparer.Ordinal).ToArray());
    }

    // What generators write stands in namespaces of their own, or beside what it was made from.
    private static bool IsOurs(IType type) => NamespaceOf(type).StartsWith(Root, StringComparison.Ordinal);

    private static string NamespaceOf(IType type) => type.Namespace?.FullName ?? "";

    /// <summary>Arrows between projects have a test of their own.</summary>
    private static bool SameProject(string one, string other) => ProjectOf(one) == ProjectOf(other);

    private static string ProjectOf(string name) => name.StartsWith("Foretell.Stores.", StringComparison.Ordinal)
        ? string.Join('.', name.Split('.').Take(3))
        : name.Split('.')[1];

    private static string Short(string name) => name[Root.Length..];

    private static string? Declared(string file) => File.ReadLines(file)
        .FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd(';');

    private static string Expected(string project, string file)
    {
        string folder = Path.GetRelativePath(Path.GetDirectoryName(project)!, Path.GetDirectoryName(file)!);
        string name = Root + Path.GetFileNameWithoutExtension(project);
        return folder == "." ? name : $"{name}.{folder.Replace(Path.DirectorySeparatorChar, '.')}";
    }
}
