using Foretell.Engine.Rows;
using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Checks a shard's file.</summary>
internal static class ShardCheck
{
    /// <summary>Owner, header, pages and dead letters, and whether the log goes with them.</summary>
    public static IEnumerable<DirectoryFinding> Run(string directory, int partition, bool isAlone, CheckedLog log)
    {
        string path = Path.Combine(directory, $"shard-{partition:D4}.db");
        var found = new Findings(Path.GetFileName(path));
        if (!DataFiles.Current.Exists(path))
        {
            return log.Trimmed.ElementAtOrDefault(partition) > 0
                ? [new DirectoryFinding(found.Name, $"is missing, and the log was trimmed up to record {log.Trimmed[partition]}: its rows cannot be made anew", true)]
                : [new DirectoryFinding(found.Name, "is not there: the next start makes it from the log", false)];
        }
        int rows = 0, pages = 0;
        found.Try(() =>
        {
            using SqliteDatabase database = Findings.Open(path, isAlone);
            found.Structure(database);
            SqliteShardSchema.CheckOwner(database, partition, log.Identity);
            // One moment of a file that a host may be writing.
            database.Execute("BEGIN");
            ShardHeader? header = SqliteShardSchema.ReadHeader(database);
            var crcs = new PageChecksums();
            SqliteStatement select = database.Prepare("SELECT id, rows FROM page ORDER BY id");
            while (select.Step())
            {
                if (crcs.Add(select.Blob(1), pages) is { } damage)
                {
                    found.Damage(damage);
                }
                pages++;
            }
            SqliteShardSchema.ReadDeadLetters(database, partition, int.MaxValue);
            if (header?.PagesCrc is { } crc && crc != crcs.Value)
            {
                found.Damage("a page is missing, older than the header, or another's");
            }
            long position = header?.Position ?? 0;
            if (log.IsWhole && isAlone && (position > log.Ends[partition] || position < log.Trimmed[partition]))
            {
                found.Damage($"it reflects record {position}, and the log has records {log.Trimmed[partition] + 1} to {log.Ends[partition]}");
            }
            rows = header?.Rows ?? 0;
        });
        return found.Done($"{rows:N0} rows in {pages:N0} pages");
    }
}
