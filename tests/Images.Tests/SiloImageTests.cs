using System.Text.Json;
using Foretell.Images.Tests.Building;

namespace Foretell.Images.Tests;

/// <summary>What Containerfile makes: the program, and nothing that it does not need.</summary>
public sealed class SiloImageTests(SiloImage image, ITestOutputHelper output)
{
    /// <summary>Without the base: 67 MB when this was written, of which librdkafka is a third.</summary>
    private const long MostBytes = 100_000_000;

    [ImageFact]
    public async Task Image_WhenBuilt_StartsTheProgramItselfAsNobodySpecial()
    {
        JsonElement config = await image.ConfigAsync();
        string program = Assert.Single(config.GetProperty("Entrypoint").EnumerateArray()).GetString()!;

        Assert.Equal("1654:1654", config.GetProperty("User").GetString());
        Assert.Equal(["11111/tcp", "5057/tcp"], config.GetProperty("ExposedPorts").EnumerateObject().Select(p => p.Name).Order());
        Assert.False(config.TryGetProperty("Cmd", out _));
        // A program of the machine's, not a script: there is no shell that could read one.
        await using FileStream file = File.OpenRead(Path.Combine(await image.RootAsync(), program[1..]));
        byte[] start = new byte[4];
        await file.ReadExactlyAsync(start);
        Assert.Equal("\u007fELF"u8.ToArray(), start);
    }

    [ImageFact]
    public async Task Image_WhenItsFilesAreListed_HasNoShellNothingOfTorchAndNoSources()
    {
        string root = await image.RootAsync();
        FileInfo[] files = [.. new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories)];
        FileInfo[] ours = [.. files.Where(f => f.FullName.StartsWith(Path.Combine(root, "app/"), StringComparison.Ordinal))];

        output.WriteLine($"{files.Sum(f => f.Length) / 1e6:F0} MB in {files.Length} files, "
            + $"of which {ours.Sum(f => f.Length) / 1e6:F0} MB in {ours.Length} below /app.");
        Assert.Contains(ours, f => f.Name == "foretell-silo.dll");
        Assert.InRange(ours.Sum(f => f.Length), 1, MostBytes);
        Assert.DoesNotContain(files, f => f.Name is "sh" or "bash" or "dash" or "busybox");
        // Foretell.Models.Torch is ours: the code that would speak to Torch, if it were there.
        Assert.DoesNotContain(files, f => f.Name.Contains("torch", StringComparison.OrdinalIgnoreCase)
            && !f.Name.StartsWith("Foretell.Models.Torch.", StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => f.Extension is ".cs" or ".csproj");
    }
}
