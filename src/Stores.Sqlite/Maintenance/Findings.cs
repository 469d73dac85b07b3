using Foretell.Engine;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>What is found of one file: the first of each kind in full, and how many more.</summary>
internal sealed class Findings(string file)
{
    private const int Most = 20;

    private readonly List<DirectoryFinding> _all = [];
    private int _more;

    /// <summary>Name of the file.</summary>
    public string Name => file;

    public bool IsEmpty => _all.Count == 0;

    public void Damage(string message, string? of = null, bool isUnreadable = false)
    {
        if (_all.Count == Most)
        {
            _more++;
        }
        else if (!_all.Exists(f => f.Message == message))
        {
            _all.Add(new DirectoryFinding(of ?? file, message, true) { IsUnreadable = isUnreadable });
        }
    }

    public void Try(Action work, string? of = null)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException or StorageException or IOException or FormatException
            or ArgumentException)
        {
            Damage(e.Message, of, IsOfTheDisk(e));
        }
    }

    /// <summary>Whether an exception says that the disk failed, and nothing of what a file holds.</summary>
    public static bool IsOfTheDisk(Exception e) => e is SqliteException { IsOfTheDisk: true, IsUnfinished: false }
        or IOException and not FileNotFoundException and not DirectoryNotFoundException and not EndOfStreamException;

    public void Structure(SqliteDatabase database)
    {
        // SQLite tells of a page that the disk failed to give as of one that is broken. That one is broken the second time, too.
        if (Check() != "ok" && Check() is { } said && said != "ok")
        {
            Damage($"SQLite: {said}");
        }

        string? Check() => database.QueryText("PRAGMA quick_check(1)");
    }

    public IEnumerable<DirectoryFinding> Done(string whole)
    {
        if (_more > 0)
        {
            _all.Add(new DirectoryFinding(file, $"and {_more:N0} more", true));
        }
        return _all.Count > 0 ? _all : [new DirectoryFinding(file, whole, false)];
    }

    /// <summary>Opens a file for reading, with whoever else has it open or without a trace.</summary>
    public static SqliteDatabase Open(string path, bool isAlone) => !DataFiles.Current.Exists(path) ? throw new FileNotFoundException($"{path} is missing")
        : isAlone ? SqliteDatabase.Inspect(path) : SqliteDatabase.OpenReadOnly(path);
}
