using System.Globalization;
using Foretell.Engine.Events;
using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>A shard's file whose rows are lost and cannot be made anew, since the log was trimmed: it begins empty where the log does, so
/// that a host opens it. A host by itself never does so: what is lost has to be accepted by somebody.</summary>
internal static class ShardBeginning
{
    // Only how rows lie in pages: of no consequence, where no other shard tells what the model's own number is.
    private const int RowsPerPage = 16;

    /// <summary>Last record of a partition that the log has no more; 0 where it has all, or cannot be asked.</summary>
    public static long TrimmedOf(string directory, int partition)
    {
        try
        {
            using SqliteDatabase log = OpenLog(directory);
            using var ends = new SqliteLogEnds(log, log.Path);
            return ends.Trimmed(partition).Sequence;
        }
        catch (Exception e) when (e is InvalidDataException or SqliteException && !Findings.IsOfTheDisk(e))
        {
            return 0;
        }
    }

    /// <summary>Number of the partition that a shard's file is for.</summary>
    public static int PartitionOf(string file) =>
        int.Parse(file.AsSpan("shard-".Length, file.Length - "shard-.db".Length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The shards' files in a directory.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IEnumerable<string> FilesIn(string directory) => DataFiles.Current.List(directory)
        .Where(path => Path.GetFileName(path) is var name && name.StartsWith("shard-", StringComparison.Ordinal)
            && name.EndsWith(".db", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    /// <summary>What the other shards of the directory say of model and arithmetic; null where none does.</summary>
    public static ShardHeader? FindHeader(string directory)
    {
        foreach (string path in FilesIn(directory))
        {
            try
            {
                using SqliteDatabase database = SqliteDatabase.Inspect(path);
                string identity = database.QueryText("SELECT identity FROM owner") ?? "";
                if (SqliteShardSchema.ReadHeader(database.Sealing(identity)) is { } header)
                {
                    return header;
                }
            }
            catch (Exception e) when (e is InvalidDataException or SqliteException && !Findings.IsOfTheDisk(e))
            {
                // The next one may tell.
            }
        }
        return null;
    }

    /// <summary>Makes the file, which must not exist.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="other">Header of any shard of the directory, or null.</param>
    public static void Write(string directory, int partition, ShardHeader? other)
    {
        string identity;
        ShardHeader header;
        using (SqliteDatabase log = OpenLog(directory))
        {
            identity = log.QueryText("SELECT identity FROM log")!;
            using var ends = new SqliteLogEnds(log, log.Path);
            string? policy = log.QueryText($"SELECT value FROM control WHERE name = '{ControlRecord.Policy}'");
            header = new ShardHeader
            {
                Position = ends.Trimmed(partition).Sequence,
                Policy = policy is null ? EventTimePolicy.OfNewLogs : EventTimePolicy.Parse(policy),
                ModelId = log.QueryText($"SELECT value FROM control WHERE name = '{ControlRecord.Model}'") ?? "",
                Format = other?.Format ?? 1,
                RowsPerPage = other?.RowsPerPage ?? RowsPerPage,
                Rows = 0,
                Totals = new ShardTotals(ends.Trimmed(partition).Events, 0, 0),
            };
        }
        header = other is null ? header : header with { Arithmetic = other.Arithmetic };
        using var file = new SqliteShardFile(Path.Combine(directory, $"shard-{partition:D4}.db"), partition, identity, _ => true, () => true);
        using var commit = new ShardCommit(header);
        file.Commit(file.TakeEpoch(), commit);
    }

    private static SqliteDatabase OpenLog(string directory)
    {
        SqliteDatabase log = SqliteDatabase.OpenToRead(Path.Combine(directory, "log.db"));
        try
        {
            return log.Sealing(log.QueryText("SELECT identity FROM log") ?? "");
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }
}
