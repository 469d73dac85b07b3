using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>Requests that took effect in the last 24 hours, written in the transaction of their append.</summary>
internal sealed class IdempotencyTable(SqliteDatabase database)
{
    // Few at a time: pruning shares the transaction of an append, which somebody awaits.
    private const int PruneRows = 1000;

    private readonly SqliteStatement _find = database.Prepare(
        $"SELECT fingerprint, accepted, position, payload, {SqliteLogSchema.IsSealed("request")} FROM request WHERE key = ?1 AND append > ?2");

    private readonly SqliteStatement _put = database.Prepare("INSERT OR REPLACE INTO request VALUES(?1, ?2, ?3, ?4, ?5, ?6, seal(?1, ?2, ?3, ?4, ?5, ?6))");

    private readonly SqliteStatement _prune = database.Prepare(
        "DELETE FROM request WHERE key IN (SELECT key FROM request WHERE append <= ?1 ORDER BY append LIMIT ?2)");

    /// <summary>The first receipt of a repeated request; null for a new key.</summary>
    /// <exception cref="IdempotencyConflictException">The key belongs to another body.</exception>
    /// <exception cref="InvalidDataException">The key's row fails its checksum, or holds no receipt.</exception>
    public AppendReceipt? Find(IdempotentRequest request, long nowTicks)
    {
        if (!_find.Bind(1, request.Key).Bind(2, nowTicks - Idempotency.Lifetime.Ticks).Step())
        {
            return null;
        }
        try
        {
            if (_find.Int64(4) == 0)
            {
                throw SqliteLogInspection.Damaged(database.Path, $"the row of idempotency key '{request.Key}'");
            }
            if (!_find.Blob(0).SequenceEqual(request.Fingerprint.Span))
            {
                throw Idempotency.Conflict(request.Key);
            }
            return Position.TryParse(_find.Text(2), out Position position)
                ? new AppendReceipt(_find.Int32(1), position, Replayed: true, _find.Blob(3).ToArray())
                : throw SqliteLogInspection.Damaged(database.Path, $"the row of idempotency key '{request.Key}'",
                    $"has no position, but '{_find.Text(2)}'");
        }
        finally
        {
            _find.Reset();
        }
    }

    /// <summary>Remembers a request.</summary>
    public void Put(IdempotentRequest request, AppendReceipt receipt, long nowTicks) =>
        _put.Bind(1, request.Key).Bind(2, request.Fingerprint.Span).Bind(3, receipt.Accepted)
            .Bind(4, receipt.Position.ToString()).Bind(5, request.Payload.Span).Bind(6, nowTicks).Run();

    /// <summary>Forgets some of the keys that are older than 24 hours.</summary>
    public void Prune(long nowTicks) => _prune.Bind(1, nowTicks - Idempotency.Lifetime.Ticks).Bind(2, PruneRows).Run();
}
