using System.Text.RegularExpressions;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Models.Monitoring;
using Foretell.Models.Stepping;

namespace Foretell.Stores.Sqlite;

/// <summary>The tables of a shard's file (docs/formats.md): how files get them, and how their rows are read and believed.</summary>
internal static class SqliteShardSchema
{
    /// <summary>Columns of the table shard, and what the seal of its row is over: all but population, which has a checksum of its own, so
    /// that releases that do not know it read the others.</summary>
    public const string HeaderColumns =
        "position, policy, model, rows_per_page, rows, applied, dead_letters, unknown_marks, calibration, format, arithmetic, pages_crc";

    /// <summary>Columns of a dead letter, and what its seal is over.</summary>
    public const string LetterColumns = "sequence, stream, time, mark, event_id, append, reason, detail";

    private const string Tables = """
        CREATE TABLE owner(id INTEGER PRIMARY KEY CHECK(id = 0), epoch INTEGER NOT NULL, identity TEXT NOT NULL, partition INTEGER NOT NULL,
            seal INTEGER);
        CREATE TABLE shard(id INTEGER PRIMARY KEY CHECK(id = 0), position INTEGER NOT NULL, policy TEXT NOT NULL,
            model TEXT NOT NULL, rows_per_page INTEGER NOT NULL, rows INTEGER NOT NULL, applied INTEGER NOT NULL,
            dead_letters INTEGER NOT NULL, unknown_marks INTEGER NOT NULL, calibration BLOB, format INTEGER NOT NULL,
            arithmetic TEXT NOT NULL, pages_crc INTEGER, seal INTEGER, population TEXT);
        CREATE TABLE page(id INTEGER PRIMARY KEY, rows BLOB NOT NULL);
        CREATE TABLE dead_letter(sequence INTEGER PRIMARY KEY, stream TEXT NOT NULL, time INTEGER NOT NULL, mark TEXT,
            event_id TEXT, append INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, seal INTEGER);
        """;

    /// <summary>Makes the tables in a new file, adds what a file of an earlier release lacks, and lets the connection seal rows.</summary>
    public static void Apply(SqliteDatabase database, int partition, string? identity)
    {
        database.Execute("BEGIN IMMEDIATE");
        if (Has(database, "owner", "identity"))
        {
            database.Sealing(database.QueryText("SELECT identity FROM owner") ?? "");
            if (!Has(database, "shard", "population"))
            {
                database.Execute("ALTER TABLE shard ADD COLUMN population TEXT");
            }
            database.Execute("COMMIT");
            return;
        }
        database.Sealing(identity ?? "");
        if (Has(database, "owner", "epoch"))
        {
            Upgrade(database, partition, identity);
        }
        else
        {
            database.Execute($"{Tables} INSERT INTO owner VALUES(0, 0, '{identity}', {partition}, seal(0, '{identity}', {partition}));");
        }
        database.Execute("COMMIT");
    }

    /// <summary>Adds what a file of an earlier release lacks: it had the same four tables.</summary>
    private static void Upgrade(SqliteDatabase database, int partition, string? identity)
    {
        foreach ((string name, string type) in new[]
        {
            ("calibration", "BLOB"), ("format", "INTEGER NOT NULL DEFAULT 1"), ("arithmetic", "TEXT NOT NULL DEFAULT 'exact'"),
            ("pages_crc", "INTEGER"), ("seal", "INTEGER"), ("population", "TEXT"),
        })
        {
            if (!Has(database, "shard", name))
            {
                database.Execute($"ALTER TABLE shard ADD COLUMN {name} {type}");
            }
        }
        database.Execute($"""
            ALTER TABLE owner ADD COLUMN identity TEXT NOT NULL DEFAULT '';
            ALTER TABLE owner ADD COLUMN partition INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE owner ADD COLUMN seal INTEGER;
            ALTER TABLE dead_letter ADD COLUMN seal INTEGER;
            INSERT OR IGNORE INTO owner(id, epoch) VALUES(0, 0);
            UPDATE owner SET identity = '{identity}', partition = {partition}, seal = seal(epoch, '{identity}', {partition});
            UPDATE shard SET seal = seal({HeaderColumns});
            UPDATE dead_letter SET seal = seal({LetterColumns});
            """);
    }

    /// <summary>Opens a shard's file for reading, and looks whether it is what its name says; changes nothing.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another log or partition.</exception>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteDatabase OpenToRead(string path, int partition, string? identity) =>
        Believe(SqliteDatabase.OpenToRead(path), partition, identity);

    /// <summary>Looks whether a file that was opened for reading is what its name says.</summary>
    /// <returns>The connection; closed where it throws.</returns>
    /// <exception cref="InvalidDataException">It is damaged, or of another log or partition.</exception>
    public static SqliteDatabase Believe(SqliteDatabase database, int partition, string? identity)
    {
        try
        {
            CheckOwner(database, partition, identity);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Looks whether a shard's file is what its name says, and lets the connection look at its seals.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another log or partition.</exception>
    public static void CheckOwner(SqliteDatabase database, int partition, string? identity)
    {
        if (!Has(database, "owner", "identity"))
        {
            // A file of an earlier release, whose rows have no seals; or a new one.
            return;
        }
        string found = database.QueryText("SELECT identity FROM owner") ?? "";
        if (database.Sealing(found).Query("SELECT seal IS seal(epoch, identity, partition) FROM owner") == 0)
        {
            throw new InvalidDataException("the row that says whose it is fails its checksum");
        }
        long of = database.Query("SELECT partition FROM owner");
        if (identity is not null && found != identity || of != partition)
        {
            throw new InvalidDataException(of != partition ? $"it holds the rows of partition {of}"
                : "it belongs to the log of another data directory");
        }
    }

    /// <summary>The last commit's header, or null.</summary>
    /// <exception cref="InvalidDataException">Its row is damaged.</exception>
    public static ShardHeader? ReadHeader(SqliteDatabase database)
    {
        if (!Has(database, "shard", "arithmetic"))
        {
            // Made by a release before the last three columns, and opened for the first time since then by Apply.
            return null;
        }
        bool isSealed = Has(database, "shard", "seal");
        string columns = isSealed ? $"{HeaderColumns}, seal IS seal({HeaderColumns})" : HeaderColumns.Replace("pages_crc", "NULL, 1");
        string population = Has(database, "shard", "population") ? "population" : "NULL";
        using SqliteStatement select = database.Prepare($"SELECT {columns}, {population} FROM shard");
        if (!select.Step())
        {
            return null;
        }
        if (select.Int64(12) == 0)
        {
            throw new InvalidDataException("its header fails its checksum");
        }
        if (select.Text(13) is { } shared && !Population.IsWhole(shared))
        {
            throw new InvalidDataException("what its streams show together fails its checksum");
        }
        return new ShardHeader
        {
            Position = select.Int64(0),
            Policy = EventTimePolicy.Parse(select.Text(1)!),
            ModelId = select.Text(2)!,
            RowsPerPage = select.Int32(3),
            Rows = select.Int32(4),
            Totals = new ShardTotals(select.Int64(5), select.Int64(6), select.Int64(7)),
            Calibration = Calibration.FromBytes(select.Blob(8)),
            Format = select.Int32(9),
            Arithmetic = select.Text(10)!,
            PagesCrc = select.IsNull(11) ? null : (uint)select.Int64(11),
            Population = select.Text(13),
        };
    }

    /// <summary>Dead letters, newest first.</summary>
    /// <exception cref="InvalidDataException">The row of one is damaged, or some are missing.</exception>
    public static IReadOnlyList<DeadLetter> ReadDeadLetters(SqliteDatabase database, int partition, int limit)
    {
        CheckDeadLetterCount(database);
        string check = Has(database, "dead_letter", "seal") ? $"seal IS seal({LetterColumns})" : "1";
        SqliteStatement select = database.Prepare($"SELECT {LetterColumns}, {check} FROM dead_letter ORDER BY sequence DESC LIMIT ?1")
            .Bind(1, limit);
        var letters = new List<DeadLetter>();
        while (select.Step())
        {
            if (select.Int64(8) == 0)
            {
                throw new InvalidDataException($"the row of dead letter {select.Int64(0)} fails its checksum");
            }
            letters.Add(new DeadLetter(partition, select.Int64(0), select.Text(1)!, select.Int64(2), select.Text(3), select.Text(4),
                select.Int64(5), select.Text(6)!, select.Text(7)!));
        }
        return letters;
    }

    /// <summary>Pages of letters have no checksum of their own: where a disk lost a write, an older page stands there without the newest
    /// of them, each of which would be right.</summary>
    private static void CheckDeadLetterCount(SqliteDatabase database)
    {
        // One statement, so that both are of one moment.
        using SqliteStatement select = database.Prepare("SELECT dead_letters, (SELECT count(*) FROM dead_letter) FROM shard");
        bool isThere = select.Step();
        long counted = isThere ? select.Int64(0) : 0, found = isThere ? select.Int64(1) : 0;
        select.Reset();
        if (found < Math.Min(counted, DeadLetter.Kept))
        {
            throw new InvalidDataException($"its header counts {counted} dead letters, and it has {found} of them");
        }
    }

    /// <summary>Whether a table has a column, by the statement that made it: a table of SQLite's pragma would be built for each
    /// question, and a start asks several of each file.</summary>
    private static bool Has(SqliteDatabase database, string table, string column) =>
        database.QueryText($"SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '{table}'") is { } sql
        && Regex.IsMatch(sql, $@"\b{column}\b", RegexOptions.CultureInvariant);
}
