using Foretell.Engine;
using Foretell.Models.Network;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Reads every byte of a data directory that a start would believe, and tells what does not belong; changes nothing.</summary>
/// <remarks>May run beside the host that serves the directory: it reads what was committed before it began.</remarks>
public static class DataDirectoryCheck
{
    /// <summary>Checks the files of a directory one after the other.</summary>
    /// <param name="directory">The data directory.</param>
    /// <returns>Findings as they come: one of each file that is whole, and one of each thing that is wrong.</returns>
    /// <exception cref="StorageException">There is no such directory, or no log in it.</exception>
    public static IEnumerable<DirectoryFinding> Run(string directory)
    {
        string log = Path.Combine(directory, "log.db");
        if (!DataFiles.Current.Exists(log) && !DataFiles.Current.Exists(Path.Combine(directory, AcknowledgedEnds.FileName)))
        {
            throw new StorageException($"{directory} holds no log.db: it is no data directory. Name the folder that 'foretell run --data-dir' was given.");
        }
        return CheckAloneOrNot(directory);
    }

    /// <summary>As above, where the caller knows whether a host has the directory open.</summary>
    internal static IEnumerable<DirectoryFinding> Run(string directory, bool isAlone)
    {
        var log = new CheckedLog();
        foreach (DirectoryFinding finding in LogCheck.Run(Path.Combine(directory, "log.db"), isAlone, log))
        {
            yield return finding;
        }
        for (int p = 0; p < log.Partitions; p++)
        {
            foreach (DirectoryFinding finding in ShardCheck.Run(directory, p, isAlone, log))
            {
                yield return finding;
            }
        }
        string alerts = Path.Combine(directory, "alerts.db");
        if (DataFiles.Current.Exists(alerts))
        {
            foreach (DirectoryFinding finding in CheckAlerts(alerts, isAlone))
            {
                yield return finding;
            }
        }
        string model = Path.Combine(directory, "model.safetensors");
        if (DataFiles.Current.Exists(model))
        {
            foreach (DirectoryFinding finding in CheckModel(model, log))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<DirectoryFinding> CheckAloneOrNot(string directory)
    {
        using DataDirectoryLock? hold = TryLock(directory);
        foreach (DirectoryFinding finding in Run(directory, isAlone: hold is not null))
        {
            yield return finding;
        }
    }

    /// <summary>A model's id is a digest of all of it, and stands in the log.</summary>
    private static IEnumerable<DirectoryFinding> CheckModel(string path, CheckedLog log)
    {
        var found = new Findings(Path.GetFileName(path));
        found.Try(() =>
        {
            string id = ForecastModel.Parse(Read(path), path).Id;
            if (log.Model is { } bound && bound != id)
            {
                found.Damage($"it is model {id}, and the log was made with model {bound}");
            }
        });
        return found.Done($"model {log.Model}");
    }

    private static byte[] Read(string path)
    {
        using Stream file = DataFiles.Current.OpenRead(path);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static IEnumerable<DirectoryFinding> CheckAlerts(string path, bool isAlone)
    {
        var found = new Findings("alerts.db");
        long alerts = 0;
        found.Try(() =>
        {
            using SqliteDatabase database = Findings.Open(path, isAlone);
            found.Structure(database);
            // Every column by its name, as the host asks for it: the names stand in the file, too.
            database.Query("SELECT name, sequence FROM alert_end WHERE id = 0");
            SqliteStatement select = database.Prepare(
                "SELECT sequence, stream, events, last_event, at, log_survival, threshold, raised FROM alert ORDER BY sequence");
            while (select.Step())
            {
                alerts++;
            }
        });
        return found.Done($"{alerts:N0} alerts");
    }

    private static DataDirectoryLock? TryLock(string directory)
    {
        try
        {
            return DataDirectoryLock.Take(directory);
        }
        catch (StorageException)
        {
            return null;
        }
    }
}
