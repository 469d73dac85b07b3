using System.Text.Json;
using Foretell.Support;

namespace Foretell.Cli.Tests.Killed;

/// <summary>What a command has told to be done has its name, whatever the loss of power takes that was not synced.</summary>
public sealed class DurableNamesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DurableNamesTests() => Directory.CreateDirectory(Data);

    private string Data => _folder.At("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keys_WhenThePowerIsCutBehindAChange_AreTheNewOnes()
    {
        var disk = new JournaledFolder(Data, _folder.At("journals"));
        ProcessResult added = await RunAsync(disk, "keys", "add", "--name", "a", "--scopes", "read", "--data-dir", Data);
        Assert.True(Assert.Single(await KeysAsync()).GetProperty("valid").GetBoolean());

        ProcessResult revoked = await RunAsync(disk, "keys", "revoke", added.Output[3..15], "--data-dir", Data);

        Assert.Contains("is revoked", revoked.Output);
        Assert.False(Assert.Single(await KeysAsync()).GetProperty("valid").GetBoolean());
    }

    [Fact]
    public async Task Model_WhenThePowerIsCutBehindTheFirstStart_IsKept()
    {
        var disk = new JournaledFolder(Data, _folder.At("journals"));
        string model = Workload.Model(_folder);
        await using ForetellProcess host = ForetellProcess.StartHost(_folder, disk.NextProcess(), "--data-dir", Data, "--model", model);
        await host.ListeningAsync();
        await host.KillAsync();

        disk.LosePower(null);

        string kept = Path.Combine(Data, "model.safetensors");
        Assert.Equal(await File.ReadAllBytesAsync(model), await File.ReadAllBytesAsync(kept));
    }

    [Fact]
    public async Task Repair_WhenThePowerIsCutBehindIt_HasMadeAWholeFolder()
    {
        string events = Workload.Events(_folder, streams: 20, events: 3000), log = Path.Combine(Data, "log.db");
        await ForetellProcess.RunAsync(_folder.Path, "run", "--data-dir", Data, "--file", events, "--exit");
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes.AsSpan(bytes.Length / 2, 512).Fill(0xee);
        await File.WriteAllBytesAsync(log, bytes);
        Assert.NotEqual(0, (await ForetellProcess.RunAsync(_folder.Path, "check", "--data-dir", Data)).ExitCode);

        ProcessResult repaired = await RunAsync(new JournaledFolder(Data, _folder.At("journals")), "repair", "--data-dir", Data);

        Assert.Contains("log.db: kept ", repaired.Output);
        ProcessResult check = await ForetellProcess.RunAsync(_folder.Path, "check", "--data-dir", Data);
        Assert.True(check.ExitCode == 0, check.Output + check.Error);
    }

    /// <summary>Runs a command, and cuts the power when it has ended: what was not synced is gone.</summary>
    private async Task<ProcessResult> RunAsync(JournaledFolder disk, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunWithAsync(_folder.Path, disk.NextProcess(), arguments);
        disk.LosePower(null);
        return result;
    }

    private async Task<JsonElement.ArrayEnumerator> KeysAsync()
    {
        ProcessResult list = await ForetellProcess.RunAsync(_folder.Path, "keys", "list", "--data-dir", Data, "--json");
        return JsonDocument.Parse(list.Output).RootElement.EnumerateArray();
    }
}
