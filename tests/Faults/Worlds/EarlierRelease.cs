using Foretell.Faults.Disk;
using Foretell.Stores.Sqlite;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds;

/// <summary>Makes of a data directory what a release before seals, names and witnesses would have left: log format 3. The next start
/// brings it up to date.</summary>
internal static class EarlierRelease
{
    /// <summary>Does it, in fair weather; nobody may have the directory open, and its log must have every record.</summary>
    public static void Leave(SimulatedDisk disk, Weather weather, string directory)
    {
        string log = Path.Combine(directory, "log.db"), witness = SqliteLogFile.WitnessOf(log);
        if (!disk.Exists(witness))
        {
            return;
        }
        Weather.Count(FaultKind.Upgrade);
        bool wasBad = weather.IsBad;
        weather.IsBad = false;
        Execute(log, "log", """
            ALTER TABLE segment DROP COLUMN seal; ALTER TABLE control DROP COLUMN seal; ALTER TABLE request DROP COLUMN seal;
            ALTER TABLE source DROP COLUMN seal; DROP TABLE trimmed; ALTER TABLE log DROP COLUMN identity;
            ALTER TABLE log DROP COLUMN unsealed; ALTER TABLE log DROP COLUMN seal; UPDATE log SET format = 3
            """);
        // A copy: a write-ahead log may be made meanwhile.
        foreach (string shard in disk.Files.Select(file => file.Path).Where(IsShard).ToArray())
        {
            Execute(shard, "owner", """
                ALTER TABLE owner DROP COLUMN identity; ALTER TABLE owner DROP COLUMN partition; ALTER TABLE owner DROP COLUMN seal;
                ALTER TABLE shard DROP COLUMN seal; ALTER TABLE shard DROP COLUMN pages_crc; ALTER TABLE dead_letter DROP COLUMN seal
                """);
        }
        Unless(disk.Delete(witness, syncDirectory: true) == SqliteCode.Ok, $"The witness cannot be removed.");
        weather.IsBad = wasBad;
    }

    private static bool IsShard(string path) =>
        Path.GetFileName(path).StartsWith("shard-", StringComparison.Ordinal) && path.EndsWith(".db", StringComparison.Ordinal);

    private static void Execute(string path, string table, string sql)
    {
        SqliteWal.MakeDurable(path);
        using SqliteDatabase database = SqliteDatabase.Open(path);
        // A start that ended early may have left a file without tables, or with those of the earlier release.
        if (database.Query($"SELECT count(*) FROM pragma_table_info('{table}') WHERE name = 'identity'") > 0)
        {
            database.Execute($"BEGIN; {sql}; COMMIT");
        }
    }
}
