using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Documents that point somewhere point at something.</summary>
public partial class DocumentationTests
{
    public static TheoryData<string> Documents =>
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Where(f => !Repository.IsBuildOutput(f)).Select(Repository.Name).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Link_WhenItLeadsIntoTheRepository_LeadsToAFile(string document)
    {
        string folder = Path.GetDirectoryName(Repository.At(document))!;

        string[] broken = [.. Link().Matches(File.ReadAllText(Repository.At(document)))
            .Select(m => m.Groups[1].Value)
            .Where(target => !target.Contains("://") && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.Combine(folder, Uri.UnescapeDataString(target.Split('#')[0]))))];

        Assert.True(broken.Length == 0, $"{document} links to what is not there: {string.Join(", ", broken)}.");
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/architecture.md")]
    [InlineData("docs/models.md")]
    [InlineData("docs/compare.md")]
    [InlineData("docs/formats.md")]
    [InlineData("docs/cluster.md")]
    [InlineData("docs/kubernetes.md")]
    public void Document_WhenPromised_IsThere(string path) => Assert.True(new FileInfo(Repository.At(path)).Length > 500, path);

    /// <summary>Inline links and pictures: the target between the parentheses, without a title.</summary>
    [GeneratedRegex(@"\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Link();
}
