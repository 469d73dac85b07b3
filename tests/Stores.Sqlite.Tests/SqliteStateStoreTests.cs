using Foretell.Engine.Store;
using Foretell.Stores.Contract;

namespace Foretell.Stores.Sqlite.Tests;

public sealed class SqliteStateStoreTests : StateStoreContract
{
    protected override IStateStore Open() => new SqliteStateStore(Directory.Path);

    // The header is written last: a commit fails after its pages and dead letters went in.
    protected override void BreakWrites(int partition) =>
        Execute(partition, "CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");

    protected override void MendWrites(int partition) => Execute(partition, "DROP TRIGGER broken");

    private void Execute(int partition, string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(Directory.At($"shard-{partition:D4}.db"));
        database.Execute(sql);
    }
}
