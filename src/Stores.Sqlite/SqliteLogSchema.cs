using System.Globalization;
using Foretell.Engine.Events;

namespace Foretell.Stores.Sqlite;

/// <summary>The tables of log.db (docs/formats.md), and how logs of earlier releases get them.</summary>
internal static class SqliteLogSchema
{
    /// <summary>Version of the tables and of the record format. Format 1 had no traces, 2 no sources, 3 no seals.</summary>
    public const int Format = 4;

    private const string SourceTable = """
        CREATE TABLE IF NOT EXISTS source(name TEXT NOT NULL, partition TEXT NOT NULL, position INTEGER, identity TEXT NOT NULL, epoch INTEGER NOT NULL,
            seal INTEGER, PRIMARY KEY(name, partition)) WITHOUT ROWID;
        """;

    private const string TrimmedTable = """
        CREATE TABLE trimmed(partition INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, events INTEGER NOT NULL, append INTEGER NOT NULL, seal INTEGER);
        """;

    private const string Tables = SourceTable + TrimmedTable + """
        CREATE TABLE log(id INTEGER PRIMARY KEY CHECK(id = 0), format INTEGER NOT NULL, partitions INTEGER NOT NULL,
            identity TEXT NOT NULL, unsealed TEXT NOT NULL, seal INTEGER);
        CREATE TABLE segment(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, events INTEGER NOT NULL,
            append INTEGER NOT NULL, crc INTEGER NOT NULL, seal INTEGER, trace BLOB, records BLOB NOT NULL);
        CREATE TABLE control(name TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER) WITHOUT ROWID;
        CREATE TABLE request(key TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, accepted INTEGER NOT NULL,
            position TEXT NOT NULL, payload BLOB NOT NULL, append INTEGER NOT NULL, seal INTEGER) WITHOUT ROWID;
        CREATE INDEX request_append ON request(append);
        """;

    /// <summary>Every table whose rows have a seal, with what the seal is over.</summary>
    public static IReadOnlyList<(string Table, string Columns)> Sealed { get; } =
    [
        ("log", "format, partitions, identity, unsealed"),
        ("segment", "id, count, events, append, crc, trace"),
        ("trimmed", "partition, sequence, events, append"),
        ("control", "name, value"),
        ("source", "name, partition, position, identity, epoch"),
        ("request", "key, fingerprint, accepted, position, payload, append"),
    ];

    /// <summary>What the seal of a table's rows is over.</summary>
    public static string Columns(string table) => Sealed.First(s => s.Table == table).Columns;

    /// <summary>SQL that is 1 for a row whose seal is right.</summary>
    public static string IsSealed(string table) => $"seal IS seal({Columns(table)})";

    /// <summary>Writes a segment: id, count, events, append, crc, trace, records; returns its seal.</summary>
    public const string InsertSegment = "INSERT INTO segment(id, count, events, append, crc, trace, records, seal) "
        + "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, seal(?1, ?2, ?3, ?4, ?5, ?6)) RETURNING seal";

    /// <summary>A name for a new log: 32 hex digits.</summary>
    public static string NewIdentity() => SqliteDatabase.RandomHex(32);

    /// <summary>Makes the tables of a new log.</summary>
    public static void Create(SqliteDatabase database, int partitions, string identity) =>
        database.Sealing(identity).Execute(string.Create(CultureInfo.InvariantCulture,
            $"BEGIN; {Tables} INSERT INTO log VALUES(0, {Format}, {partitions}, '{identity}', '', NULL); {SealAll("log")} COMMIT;"));

    /// <summary>Brings a log of an earlier release to <see cref="Format"/>, in one transaction.</summary>
    /// <param name="database">A connection to it.</param>
    /// <param name="found">Its format.</param>
    /// <param name="identity">The name that it gets.</param>
    /// <param name="end">Where it ends: records up to there keep the one checksum that they have.</param>
    public static void Upgrade(SqliteDatabase database, long found, string identity, Position end)
    {
        database.Sealing(identity).Execute("BEGIN");
        if (found < 2)
        {
            database.Execute("ALTER TABLE segment ADD COLUMN trace BLOB");
        }
        if (found < 3)
        {
            database.Execute(SourceTable);
        }
        else
        {
            database.Execute("ALTER TABLE source ADD COLUMN seal INTEGER");
        }
        database.Execute($"""
            {TrimmedTable}
            ALTER TABLE segment ADD COLUMN seal INTEGER;
            ALTER TABLE control ADD COLUMN seal INTEGER;
            ALTER TABLE request ADD COLUMN seal INTEGER;
            ALTER TABLE log ADD COLUMN identity TEXT NOT NULL DEFAULT '';
            ALTER TABLE log ADD COLUMN unsealed TEXT NOT NULL DEFAULT '';
            ALTER TABLE log ADD COLUMN seal INTEGER;
            UPDATE log SET format = {Format}, identity = '{identity}', unsealed = '{end}';
            {SealAll("log")} {SealAll("control")} {SealAll("source")} {SealAll("request")}
            COMMIT
            """);
    }

    private static string SealAll(string table) => $"UPDATE {table} SET seal = seal({Columns(table)});";
}
