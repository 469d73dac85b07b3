using Foretell.Engine;
using Foretell.Stores.Sqlite.Maintenance;

namespace Foretell.Stores.Sqlite.Tests;

/// <content>Backup, restore and repair are killed at each of their changes in turn.</content>
public sealed partial class MaintenanceTests
{
    [Fact]
    public async Task Backup_WhenKilledAtAnyChange_LeavesTheSourceAndNoHalfCopyUnderItsName()
    {
        await WriteAsync();
        string before = DigestOfData(Data), copy = _folder.At("copy");
        EachKill(() => DataDirectoryBackup.Run(Data, copy), () =>
        {
            Assert.Equal(before, DigestOfData(Data));
            CheckCopy(copy);
            Assert.True(DataDirectoryBackup.Run(Data, copy) > 0);
            CheckCopy(copy);
            Directory.Delete(copy, recursive: true);
        });
    }

    [Fact]
    public async Task Restore_WhenKilledAtAnyChange_LeavesTheBackupAndNoHalfDirectoryUnderItsName()
    {
        await WriteAsync();
        string copy = _folder.At("copy"), restored = _folder.At("restored");
        DataDirectoryBackup.Run(Data, copy);
        string before = DigestOfData(copy);
        EachKill(() => DataDirectoryBackup.Restore(copy, restored), () =>
        {
            Assert.Equal(before, DigestOfData(copy));
            CheckCopy(restored);
            Assert.True(DataDirectoryBackup.Restore(copy, restored) > 0);
            CheckCopy(restored);
            Directory.Delete(restored, recursive: true);
        });
    }

    /// <summary>Whatever a killed repair leaves can be repaired, with the same outcome; and no damaged file is gone.</summary>
    [Theory]
    [InlineData("log.db")]
    [InlineData("log.db-wal")]
    [InlineData("log.ack")]
    public async Task Repair_WhenKilledAtAnyChange_CanBeRepeatedAndLosesNoMore(string file)
    {
        string killed = await KilledAsync();
        foreach (string broken in new[] { file, "alerts.db" })
        {
            byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(killed, broken));
            bytes[bytes.Length / 2] ^= 1;
            Array.Fill(bytes, (byte)0x5A, bytes.Length / 3, 16);
            await File.WriteAllBytesAsync(Path.Combine(killed, broken), bytes);
        }
        Restore(killed);
        Assert.NotEmpty(DataDirectoryRepair.Run(Data, _time));
        (int, int, bool) expected = await ReadAsync(withKeys: false);
        string[] originals = [.. new[] { "log.db", "log.db-wal", "log.ack" }.Select(name => Contents(Path.Combine(killed, name)))];
        int kills = 0;
        for (bool ended = false; !ended;)
        {
            Restore(killed);
            ended = Kill(++kills, () => DataDirectoryRepair.Run(Data, _time).ToArray());
            _ = DataDirectoryRepair.Run(Data, _time).ToArray();
            Assert.All(DataDirectoryCheck.Run(Data), finding => Assert.False(finding.IsDamage, $"{kills}: {finding.Message}"));
            HashSet<string> there = [.. Directory.GetFiles(Data, "*", SearchOption.AllDirectories).Select(Contents)];
            Assert.All(originals, original => Assert.Contains(original, there));
            Assert.Equal(expected, await ReadAsync(withKeys: false));
        }
        Assert.True(kills > 3, $"{kills}");
    }

    /// <summary>Runs work that is killed at its first change, at its second, and so on to its end.</summary>
    private void EachKill(Action work, Action check)
    {
        int kills = 0;
        while (!Kill(++kills, work))
        {
            check();
        }
        Assert.True(kills > 8, $"{kills}");
    }

    /// <returns>Whether the work came to its end before the change at which it is killed.</returns>
    private bool Kill(int change, Action work)
    {
        DataFiles system = DataFiles.Current;
        DataFiles.Current = new StoppingFiles(system, _folder.Path, change);
        try
        {
            work();
            return true;
        }
        catch (KilledException)
        {
            return false;
        }
        finally
        {
            DataFiles.Current = system;
        }
    }

    /// <summary>What has the name of a copy is whole; what has not got it yet is refused, or is whole but for its name.</summary>
    private void CheckCopy(string copy)
    {
        if (Directory.Exists(copy))
        {
            Assert.All(DataDirectoryCheck.Run(copy), finding => Assert.False(finding.IsDamage, finding.Message));
        }
        if (Directory.Exists($"{copy}.part"))
        {
            string from = _folder.At("from part");
            try
            {
                DataDirectoryBackup.Restore($"{copy}.part", from);
            }
            catch (StorageException)
            {
                return;
            }
            Assert.All(DataDirectoryCheck.Run(from), finding => Assert.False(finding.IsDamage, finding.Message));
            Assert.Equal(1 + 3 + 1, Directory.GetFiles(from, "*.db").Length);
            Directory.Delete(from, recursive: true);
        }
    }

    /// <summary>Of what is kept of a directory; readers make locks and shared memory anew.</summary>
    private static string DigestOfData(string directory) => string.Join(" ", Directory.GetFiles(directory).Order()
        .Where(file => file.EndsWith(".db") || file.EndsWith(".ack")).Select(Contents));

    private static string Contents(string file) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)));
}
