using System.Text;
using Foretell.Faults.Disk;

namespace Foretell.Cli.Tests.Killed;

/// <summary>A data folder of real processes, on a disk whose power can be cut: it knows from their journals what was synced.</summary>
/// <remarks>As strict as POSIX, which promises a name once its folder was synced, and bytes once their file was.</remarks>
internal sealed class JournaledFolder
{
    private readonly string _path, _journals;
    private readonly Dictionary<ulong, SimulatedFile> _files = [];
    private readonly List<Action<Dictionary<string, SimulatedFile>>> _pendingNames = [];
    private Dictionary<string, SimulatedFile> _names = [], _durableNames = [];
    private int _processes, _settledNames;

    /// <param name="path">The folder; what is in it is durable.</param>
    /// <param name="journals">Where the journals go.</param>
    public JournaledFolder(string path, string journals)
    {
        (_path, _journals) = (path, journals);
        Directory.CreateDirectory(journals);
        LookAtTheFolder();
        _names.Values.ToList().ForEach(file => file.Sync());
        _durableNames = new(_names);
        _pendingNames.Clear();
    }

    /// <summary>Records so far.</summary>
    public long Records { get; private set; }

    /// <summary>Writes and changes of names that no sync had made durable when the power went, in all cuts so far.</summary>
    public long Unsynced { get; private set; }

    /// <summary>The environment of the next process.</summary>
    /// <param name="ignoresSyncs">Whether the disk lies: it says that it has synced, and has not.</param>
    public IEnumerable<(string Name, string Value)> NextProcess(bool ignoresSyncs = false)
    {
        _processes++;
        return [("LD_PRELOAD", PowerJournal.Library()), ("FORETELL_POWER_FOLDER", _path), ("FORETELL_POWER_JOURNAL", Journal),
            ("FORETELL_POWER_SYNCS", ignoresSyncs ? "ignored" : "")];
    }

    /// <summary>Takes in what the last process did, which has ended.</summary>
    public void TakeIn()
    {
        var begun = new Dictionary<long, long>();
        foreach (JournalRecord record in PowerJournal.Read(Journal))
        {
            Records++;
            Apply(record, begun);
        }
        File.Delete(Journal);
    }

    /// <summary>Where the folder is not as the journals have it; empty where it is.</summary>
    public IEnumerable<string> Differences()
    {
        string[] there = There();
        foreach (string name in there.Union(_names.Keys).Order())
        {
            if (!_names.TryGetValue(name, out SimulatedFile? file) || !there.Contains(name))
            {
                yield return $"{name} is there, or in the journals, and not in both";
            }
            else if (!Content(file).AsSpan().SequenceEqual(File.ReadAllBytes(At(name))))
            {
                yield return $"{name} holds other bytes than the journals";
            }
        }
    }

    /// <summary>The process was killed and the system goes on: what it did between a call and its record is taken in, too.</summary>
    public void GoOn()
    {
        TakeIn();
        LookAtTheFolder();
    }

    /// <summary>The power went with the process: makes the folder what the disk had.</summary>
    /// <param name="random">Draws what of that which was not synced had reached the disk; null for nothing of it.</param>
    public void LosePower(Random? random)
    {
        TakeIn();
        Unsynced += _pendingNames.Count + _names.Values.Sum(file => file.Pending);
        int way = random?.Next(4) ?? 0, first = random?.Next(_pendingNames.Count + 1) ?? 0;
        for (int i = 0; i < _pendingNames.Count; i++)
        {
            if (way == 1 || (way == 2 && i < first) || (way == 3 && random!.Next(2) == 0))
            {
                _pendingNames[i](_durableNames);
            }
        }
        _pendingNames.Clear();
        _settledNames = 0;
        _names = new(_durableNames);
        _files.Clear();
        foreach (string left in Directory.GetFiles(_path))
        {
            File.Delete(left);
        }
        foreach ((string name, SimulatedFile file) in _names)
        {
            file.LosePower(random ?? new KeepsNothing());
            File.WriteAllBytes(At(name), Content(file));
        }
    }

    private string Journal => Path.Combine(_journals, $"{_processes}");

    private string At(string name) => Path.Combine(_path, name);

    /// <summary>Names of the files that are there, but for memory that SQLite maps.</summary>
    private string[] There() =>
        [.. Directory.GetFiles(_path).Select(file => Path.GetFileName(file)).Where(name => !name.EndsWith("-shm", StringComparison.Ordinal))];

    private static byte[] Content(SimulatedFile file)
    {
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }

    /// <summary>Takes in whatever the folder has and the journals do not.</summary>
    private void LookAtTheFolder()
    {
        foreach (string name in There())
        {
            if (!_names.TryGetValue(name, out SimulatedFile? file))
            {
                var made = file = new SimulatedFile(name);
                Rename(names => names[name] = made);
            }
            byte[] bytes = File.ReadAllBytes(At(name)), known = Content(file);
            if (bytes.Length < known.Length)
            {
                file.Truncate(bytes.Length);
            }
            int first = bytes.AsSpan().CommonPrefixLength(known);
            if (first < bytes.Length)
            {
                file.Write(first, bytes.AsSpan(first));
            }
        }
        foreach (string name in _names.Keys.Except(There()).ToArray())
        {
            Rename(names => names.Remove(name));
        }
    }

    private void Apply(JournalRecord record, Dictionary<long, long> begun)
    {
        switch (record.Kind)
        {
            case JournalKind.Open:
                string name = Encoding.UTF8.GetString(record.Bytes.Span);
                if (record.Number == 0)
                {
                    _files[record.File] = _names[name];
                }
                else
                {
                    SimulatedFile made = _files[record.File] = new SimulatedFile(name);
                    Rename(names => names[name] = made);
                }
                break;
            case JournalKind.Write:
                _files[record.File].Write(record.Number, record.Bytes.Span);
                break;
            case JournalKind.Cut:
                _files[record.File].Truncate(record.Number);
                break;
            case JournalKind.SyncBegins:
                begun[record.Number] =
                    record.File == JournalRecord.Folder ? _settledNames + _pendingNames.Count : _files[record.File].Changes;
                break;
            case JournalKind.SyncEnds when record.File == JournalRecord.Folder:
                int count = Math.Max(0, (int)begun[record.Number] - _settledNames);
                _pendingNames.Take(count).ToList().ForEach(change => change(_durableNames));
                _pendingNames.RemoveRange(0, count);
                _settledNames += count;
                break;
            case JournalKind.SyncEnds:
                _files[record.File].SyncUpTo(begun[record.Number]);
                break;
            case JournalKind.Rename:
                string[] both = Encoding.UTF8.GetString(record.Bytes.Span).Split('\0');
                SimulatedFile moved = _names[both[0]];
                Rename(names =>
                {
                    names.Remove(both[0]);
                    names[both[1]] = moved;
                });
                break;
            case JournalKind.Remove:
                string removed = Encoding.UTF8.GetString(record.Bytes.Span);
                Rename(names => names.Remove(removed));
                break;
            default:
                throw new InvalidDataException($"A journal has a record of kind {record.Kind}, which nobody writes.");
        }
    }

    /// <summary>Changes names now; durable once the folder is synced.</summary>
    private void Rename(Action<Dictionary<string, SimulatedFile>> change)
    {
        change(_names);
        _pendingNames.Add(change);
    }

    private sealed class KeepsNothing : Random
    {
        public override int Next(int maxValue) => 0;
    }
}
