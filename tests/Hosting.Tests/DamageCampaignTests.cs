using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Stores.Sqlite;
using Foretell.Stores.Sqlite.Maintenance;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

/// <summary>Damage at random places of every file of a data directory: told or harmless, never silently wrong, and a repair loses no more
/// than what was damaged. FORETELL_DAMAGES=10000 for a long run.</summary>
public sealed class DamageCampaignTests : IDisposable
{
    private const int Partitions = 3, Batches = 40, Each = 6;

    private static readonly int s_damages =
        int.TryParse(Environment.GetEnvironmentVariable("FORETELL_DAMAGES"), CultureInfo.InvariantCulture, out int n) ? n : 150;

    private readonly TemporaryFolder _folder = new();
    private readonly TestTime _time = new();
    private readonly ITestOutputHelper _output;

    public DamageCampaignTests(ITestOutputHelper output) => _output = output;

    private string Data => _folder.At("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_WhenAnythingIsDamaged_TellsItOrAnswersAsBefore()
    {
        string digest = await WriteAsync();
        string[] kinds = ["bit", "sector", "cut", "swap", "gone"];
        var outcomes = new SortedDictionary<string, int>();
        for (int seed = 0; seed < s_damages; seed++)
        {
            Restore(seed % 2 == 0 ? "killed" : "stopped");
            var random = new Random(seed);
            string[] files = [.. Directory.GetFiles(Data).Order()];
            string file = files[random.Next(files.Length)];
            string kind = kinds[random.Next(kinds.Length)];
            Damage(file, kind, random, files);
            string name = $"seed {seed}: {kind} in {Path.GetFileName(file)}";
            string told = await OpenAsync(digest, name);
            string[] repaired;
            try
            {
                repaired = [.. DataDirectoryRepair.Run(Data, _time)];
            }
            catch (StorageException e) when (Path.GetFileName(file) == "log.db" && kind is "gone" or "swap" or "cut")
            {
                repaired = [e.Message];
            }
            string left = string.Join(" ", DataDirectoryCheck.Run(Data).Where(finding => finding.IsDamage).Select(f => $"{f.File}: {f.Message}"));
            if (left.Length == 0)
            {
                await RepairedAsync(digest, name, repaired, kind is "bit" or "sector" ? 20 : Batches * Each);
            }
            else
            {
                // What nothing can make anew: a log without any file of it, the model.
                Assert.True(repaired.Any(line => line.Contains("cannot be repaired")), $"{name}: {left}");
            }
            string outcome = $"{Path.GetFileName(file),-14} {kind,-6} {told}{(repaired.Length > 0 ? ", repaired" : "")}{(left.Length > 0 ? ", not" : "")}";
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        foreach ((string outcome, int count) in outcomes)
        {
            _output.WriteLine($"{count,6} {outcome}");
        }
    }

    /// <summary>Opens the directory as a host does.</summary>
    private async Task<string> OpenAsync(string digest, string name)
    {
        try
        {
            await using EmbeddedPlatform platform = await OpenAsync();
            try
            {
                await platform.Ready;
            }
            catch (PlatformUnavailableException)
            {
                return "not ready";
            }
            await Until.TrueAsync(() => platform.LagEvents == 0 || platform.Status().Problems.Count > 0, TimeSpan.FromSeconds(30));
            if (platform.Status().Problems.Count > 0)
            {
                return "told";
            }
            Assert.True(digest == await platform.StateDigestAsync(default), $"{name} was believed");
            return "harmless";
        }
        catch (StorageException)
        {
            return "refused";
        }
    }

    /// <summary>A repaired directory opens, and lacks no more than what was damaged.</summary>
    private async Task RepairedAsync(string digest, string name, string[] repaired, int most)
    {
        await using EmbeddedPlatform platform = await OpenAsync();
        await platform.Ready;
        await Until.TrueAsync(() => platform.LagEvents == 0, TimeSpan.FromSeconds(30));
        Assert.True(platform.Status().Problems.Count == 0, $"{name}: {string.Join(" ", platform.Status().Problems)}");
        IReadOnlyList<DeadLetter> lost = await platform.DeadLettersAsync(int.MaxValue, default);
        Assert.True(lost.Count <= most, $"{name}: {lost.Count} lost; {string.Join(" ", repaired)}");
        if (lost.Count == 0)
        {
            Assert.True(digest == await platform.StateDigestAsync(default), $"{name} was repaired to other states: {string.Join(" ", repaired)}");
        }
    }

    private static void Damage(string file, string kind, Random random, string[] files)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.Length == 0 ? 0 : random.Next(bytes.Length);
        switch (kind)
        {
            case "bit" when bytes.Length > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, bytes);
                break;
            case "sector":
                Array.Clear(bytes, at / 512 * 512, Math.Min(512, bytes.Length - at / 512 * 512));
                File.WriteAllBytes(file, bytes);
                break;
            case "cut":
                File.WriteAllBytes(file, bytes[..at]);
                break;
            case "swap":
                File.Copy(files[random.Next(files.Length)], file + ".other");
                File.Move(file + ".other", file, overwrite: true);
                break;
            default:
                File.Delete(file);
                break;
        }
    }

    /// <summary>A directory twice: as a killed process leaves it, with rows committed on the way and the rest in write-ahead logs, and
    /// as one that was stopped does.</summary>
    private async Task<string> WriteAsync()
    {
        await using (EmbeddedPlatform first = await OpenAsync())
        {
            await first.Ready;
            Small.Model.Save(Path.Combine(Data, "model.safetensors"));
            await FeedAsync(first, 0, Batches / 2);
        }
        EmbeddedPlatform platform = await OpenAsync();
        await platform.Ready;
        await FeedAsync(platform, Batches / 2, Batches);
        string digest = await platform.StateDigestAsync(default);
        Keep("killed");
        await platform.DisposeAsync();
        Keep("stopped");
        return digest;
    }

    private void Keep(string name)
    {
        Directory.CreateDirectory(_folder.At(name));
        foreach (string file in Directory.GetFiles(Data).Where(file => !file.EndsWith("-shm") && !file.EndsWith("lock")))
        {
            File.Copy(file, _folder.At($"{name}/{Path.GetFileName(file)}"));
        }
    }

    private async Task FeedAsync(EmbeddedPlatform platform, int from, int to)
    {
        for (int batch = from; batch < to; batch++)
        {
            AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch([.. Enumerable.Range(0, Each).Select(i =>
                ($"user/{(batch * 7 + i) % 30}", _time.NowTicks + (batch * Each + i) * TimeSpan.TicksPerSecond / 100, "view"))]), null, default);
            await platform.WaitAppliedAsync(receipt.Position, default);
            if (batch % 15 == 7)
            {
                await platform.CommitAsync();
            }
        }
    }

    private void Restore(string name)
    {
        Directory.Delete(Data, recursive: true);
        Directory.CreateDirectory(Data);
        foreach (string file in Directory.GetFiles(_folder.At(name)))
        {
            File.Copy(file, Path.Combine(Data, Path.GetFileName(file)));
        }
    }

    private Task<EmbeddedPlatform> OpenAsync() => EmbeddedPlatform.OpenAsync(new EmbeddedOptions
    {
        OpenStorage = SqliteStorage.In(Data, Partitions), Model = Small.Model, Threads = 1, Time = _time,
        Alerts = Engine.Alerts.AlertRule.Off, CommitInterval = TimeSpan.FromDays(1),
    });
}
