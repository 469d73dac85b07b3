using System.Text.RegularExpressions;
using System.Xml.Linq;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Every package version stands once, exactly, in Directory.Packages.props.</summary>
public partial class PackagePinsTests
{
    private const string CentralFile = "Directory.Packages.props";

    public static TheoryData<string> Projects =>
    [
        .. Repository.Projects("src", "tests", "bench", "samples").Select(Repository.Name),
        .. Directory.EnumerateFiles(Repository.Root, "*.props", SearchOption.AllDirectories)
            .Where(f => !Repository.IsBuildOutput(f)).Select(Repository.Name).Where(f => f != CentralFile),
    ];

    [Fact]
    public void CentralVersions_WhenRead_AreExactPins()
    {
        XElement[] packages = [.. XDocument.Load(Repository.At(CentralFile)).Descendants("PackageVersion")];

        Assert.NotEmpty(packages);
        Assert.All(packages, p => Assert.Matches(ExactPin(), (string?)p.Attribute("Version") ?? ""));
        Assert.Equal(packages.Length, packages.Select(p => (string?)p.Attribute("Include")).Distinct().Count());
    }

    [Fact]
    public void CentralFile_WhenRead_GovernsTransitivePackagesToo()
    {
        XDocument central = XDocument.Load(Repository.At(CentralFile));

        Assert.Equal("true", (string?)central.Descendants("ManagePackageVersionsCentrally").SingleOrDefault());
        Assert.Equal("true", (string?)central.Descendants("CentralPackageTransitivePinningEnabled").SingleOrDefault());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_WhenItNamesAPackage_NamesNoVersion(string project)
    {
        IEnumerable<XElement> references = XDocument.Load(Repository.At(project)).Descendants("PackageReference");

        Assert.All(references, r =>
        {
            Assert.Null(r.Attribute("Version") ?? r.Attribute("VersionOverride"));
            Assert.Null(r.Element("Version") ?? r.Element("VersionOverride"));
        });
    }

    [Fact]
    public void Repository_WhenItHasNuGetConfigurations_ClearsNoMachineLevelSource()
    {
        IEnumerable<string> configurations = Directory.EnumerateFiles(Repository.Root, "*", SearchOption.AllDirectories)
            .Where(f => !Repository.IsBuildOutput(f) && Path.GetFileName(f).Equals("nuget.config", StringComparison.OrdinalIgnoreCase));

        Assert.All(configurations, f => Assert.Empty(XDocument.Load(f).Descendants("packageSources").Elements("clear")));
    }

    /// <summary>Brackets make NuGet take that version and no other; a bare number only means "at least".</summary>
    [GeneratedRegex(@"^\[\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?\]$")]
    private static partial Regex ExactPin();
}
