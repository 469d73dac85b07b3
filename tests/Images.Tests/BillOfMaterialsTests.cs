using System.Runtime.CompilerServices;
using System.Text.Json;
using Foretell.Images.Tests.Building;
using Foretell.Support;

namespace Foretell.Images.Tests;

/// <summary>The bill of materials that docs/kubernetes.md tells how to make holds what the image holds.</summary>
public sealed class BillOfMaterialsTests(SiloImage image, ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [BillFact]
    public async Task Bill_WhenComparedWithTheImage_NamesEveryPackageOfIt()
    {
        // From the packages that the build has chosen, without another restore.
        await Command.RunAsync("dotnet", "tool", "run", "dotnet-CycloneDX", Repository.At("src/Silo/Silo.csproj"), "--recursive",
            "--disable-package-restore", "--output-format", "Json", "--output", _folder.Path, "--filename", "silo.cdx.json");

        string[] bill = [.. JsonDocument.Parse(await File.ReadAllTextAsync(_folder.At("silo.cdx.json"))).RootElement
            .GetProperty("components").EnumerateArray().Select(c => $"{c.GetProperty("name")}/{c.GetProperty("version")}")];
        string[] packages = [.. JsonDocument.Parse(await File.ReadAllTextAsync(
                Path.Combine(await image.RootAsync(), "app/foretell-silo.deps.json"))).RootElement
            .GetProperty("libraries").EnumerateObject().Where(l => l.Value.GetProperty("type").GetString() == "package").Select(l => l.Name)];
        output.WriteLine($"{packages.Length} packages in the image, {bill.Length} in its bill.");
        Assert.Contains(packages, p => p.StartsWith("Npgsql/", StringComparison.Ordinal));
        Assert.Empty(packages.Except(bill));
    }
}

/// <summary>A test that makes a bill of materials by the tool that .config/dotnet-tools.json names.</summary>
public sealed class BillFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> s_whyNot = new(FindWhyNot);

    public BillFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = ImageTools.WhyNot ?? s_whyNot.Value;

    private static string? FindWhyNot()
    {
        using Task<(int ExitCode, string, string)> version =
            Task.Run(() => Command.TryAsync("dotnet", "tool", "run", "dotnet-CycloneDX", "--version"));
        return version.GetAwaiter().GetResult().ExitCode == 0 ? null
            : "The tool CycloneDX is not there, so no bill of materials is made. Get it: dotnet tool restore.";
    }
}
