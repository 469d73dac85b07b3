using Foretell.Engine;
using Foretell.Engine.Store;

namespace Foretell.Stores.Postgres;

/// <summary>Log and store in one schema of a PostgreSQL database.</summary>
public static class PostgresStorage
{
    /// <summary>How to open them; the tables must be there (<see cref="PostgresSchema"/>).</summary>
    /// <param name="options">Database and schema.</param>
    /// <param name="partitions">Partitions of a new log; null takes those of the log that is there, and 8 for a new one.</param>
    /// <returns>A function of the clock of append times that throws <see cref="StorageException"/> where the database cannot be
    /// used.</returns>
    public static Func<TimeProvider, CancellationToken, Task<PlatformStorage>> In(PostgresOptions options, int? partitions = null) =>
        async (time, cancellationToken) =>
        {
            PostgresEventLog log = await PostgresEventLog.OpenAsync(options, partitions, time, cancellationToken);
            var store = new PostgresStateStore(options);
            return new PlatformStorage($"schema {options.Schema}", log, store, new PostgresAlertLog(options)) { Measure = store.MeasureAsync };
        };
}
