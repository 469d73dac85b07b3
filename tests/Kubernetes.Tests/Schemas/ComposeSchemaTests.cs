using Foretell.Support;

namespace Foretell.Kubernetes.Tests.Schemas;

/// <summary>compose.yaml is a file of the Compose specification.</summary>
public sealed class ComposeSchemaTests
{
    [Fact]
    public async Task Compose_WhenHeldAgainstTheSpecification_KeepsIt() => Assert.Empty(await CheckAsync(Read()));

    [Theory]
    [InlineData("  read_only: true", "  read_onli: true", "read_onli")]
    [InlineData("condition: service_healthy", "condition: service_well", "/services/migrate/depends_on/postgres/condition")]
    [InlineData("command: [\"migrate\"]", "command: { run: migrate }", "/services/migrate/command")]
    [InlineData("restart: unless-stopped", "restart: [always]", "/services/silo-1/restart")]
    public async Task Compose_WhenAMistakeIsPlanted_IsRefused(string right, string wrong, string name)
    {
        string text = Read();
        Assert.Contains(right, text, StringComparison.Ordinal);

        IReadOnlyList<string> found = await CheckAsync(text.Replace(right, wrong, StringComparison.Ordinal));

        Assert.Contains(found, finding => finding.Contains(name, StringComparison.Ordinal));
    }

    private static string Read() => File.ReadAllText(Repository.At("compose.yaml"));

    private static Task<IReadOnlyList<string>> CheckAsync(string text)
    {
        SchemaPackages.SkipWithoutThem();
        return SchemaPackages.CheckAsync("compose.mjs", text);
    }
}
