namespace Foretell.Faults.Disk;

/// <summary>The names of a disk's files and folders: as processes see them, and as a power cut leaves them.</summary>
/// <remarks>As strict as POSIX: a name that was made, changed or removed is there for certain, or gone, once its folder was synced, and
/// to sync a file keeps its bytes only. A change of a name is all or nothing, also between two folders.</remarks>
internal sealed class SimulatedNames
{
    private readonly Node _root = new(null);
    // So that a path is not followed from the root at each opening.
    private readonly Dictionary<string, Node> _folders = [];
    private readonly List<Change> _pending = [];

    /// <param name="folder">Path of a folder that is there for certain, with those above it.</param>
    public SimulatedNames(string folder)
    {
        Node at = _root;
        foreach (string name in Parts(folder))
        {
            var made = new Node(null);
            Put(made, at, name);
            at = made;
        }
        _pending.ForEach(change => change.Apply());
        _pending.Clear();
    }

    /// <summary>The files that are there.</summary>
    public IEnumerable<SimulatedFile> Files => Below(_root, node => node.Names).Select(node => node.File).OfType<SimulatedFile>();

    /// <summary>Also those that a power cut would bring back.</summary>
    public IEnumerable<SimulatedFile> AllFiles => Below(_root, node => node.Names).Concat(Below(_root, node => node.DurableNames))
        .Concat(_pending.Select(change => change.What)).Select(node => node.File).OfType<SimulatedFile>().Distinct();

    /// <summary>The file of a path; null where none is.</summary>
    public SimulatedFile? File(string path) => Find(path)?.File;

    /// <summary>Whether a folder is there.</summary>
    public bool HasFolder(string path) => Folder(path) is not null;

    /// <summary>Paths of the files and folders in a folder; none where it is not there.</summary>
    public IReadOnlyList<string> List(string path) => [.. Folder(path)?.Names.Keys.Select(name => Path.Combine(path, name)) ?? []];

    /// <summary>Gives a new file the name that it says it has.</summary>
    /// <returns>False where the folder is missing, or the name is taken.</returns>
    public bool Add(SimulatedFile file) => Add(file.Path, new Node(file));

    /// <summary>Makes a folder.</summary>
    /// <returns>False where the one above it is missing, or the name is taken.</returns>
    public bool AddFolder(string path) => Add(path, new Node(null));

    /// <summary>Removes a file, or a folder that is empty.</summary>
    /// <returns>False where it is not there, or not empty.</returns>
    public bool Remove(string path)
    {
        if (Find(path) is not { Names.Count: 0 } found)
        {
            return false;
        }
        Put(found, null, "");
        return true;
    }

    /// <summary>Gives a file or folder another name, and what had that name none.</summary>
    /// <returns>False where it is not there, the other folder is missing, or the name is that of a folder with something in it.</returns>
    public bool Move(string path, string to)
    {
        if (Find(path) is not { } found || Folder(Above(to)) is not { } folder || Find(to) is { Names.Count: > 0 })
        {
            return false;
        }
        Put(found, folder, Path.GetFileName(to));
        Tell(found, to);
        return true;
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public void Sync(string path)
    {
        if (Folder(path) is not { } folder)
        {
            return;
        }
        for (int i = 0; i < _pending.Count; i++)
        {
            _pending[i].Unsynced.Remove(folder);
            if (_pending[i].Unsynced.Count == 0)
            {
                _pending[i].Apply();
            }
        }
        _pending.RemoveAll(change => change.Unsynced.Count == 0);
    }

    /// <summary>The power goes: of the changes that were not synced none, all, the first or any have reached the disk.</summary>
    public void LosePower(Random random)
    {
        int way = random.Next(4), first = random.Next(_pending.Count + 1);
        for (int i = 0; i < _pending.Count; i++)
        {
            if (way == 1 || (way == 2 && i < first) || (way == 3 && random.Next(2) == 0))
            {
                _pending[i].Apply();
            }
        }
        _pending.Clear();
        _folders.Clear();
        foreach (Node folder in Below(_root, node => node.DurableNames).Prepend(_root).Where(node => node.File is null).ToArray())
        {
            folder.Names.Clear();
            foreach ((string name, Node node) in folder.DurableNames)
            {
                folder.Names.Add(name, node);
                node.Place = (folder, name);
            }
        }
        Tell(_root, "");
    }

    private static string[] Parts(string path) => path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);

    private static string Above(string path) => Path.GetDirectoryName(path) ?? "";

    private static IEnumerable<Node> Below(Node folder, Func<Node, Dictionary<string, Node>> names) =>
        names(folder).Values.SelectMany(node => Below(node, names).Prepend(node));

    private Node? Find(string path) => Folder(Above(path))?.Names.GetValueOrDefault(Path.GetFileName(path));

    private Node? Folder(string path)
    {
        if (_folders.TryGetValue(path, out Node? known))
        {
            return known;
        }
        Node? at = _root;
        foreach (string name in Parts(path))
        {
            at = at.Names.GetValueOrDefault(name);
            if (at?.File is not null || at is null)
            {
                return null;
            }
        }
        _folders.Add(path, at);
        return at;
    }

    private bool Add(string path, Node node)
    {
        if (Folder(Above(path)) is not { } folder || folder.Names.ContainsKey(Path.GetFileName(path)))
        {
            return false;
        }
        Put(node, folder, Path.GetFileName(path));
        return true;
    }

    /// <summary>Moves something for all who look now, and for a power cut once its folders are synced.</summary>
    /// <param name="what">What is moved.</param>
    /// <param name="folder">Where to; null for nowhere.</param>
    /// <param name="name">Its new name.</param>
    private void Put(Node what, Node? folder, string name)
    {
        var unsynced = new HashSet<Node>();
        if (what.Place is { } place)
        {
            place.Folder.Names.Remove(place.Name);
            unsynced.Add(place.Folder);
        }
        if (folder is not null)
        {
            folder.Names[name] = what;
            unsynced.Add(folder);
        }
        what.Place = folder is null ? null : (folder, name);
        if (what.File is null)
        {
            _folders.Clear();
        }
        _pending.Add(new Change(what, what.Place, unsynced));
    }

    /// <summary>Tells files what they are called now.</summary>
    private static void Tell(Node node, string path)
    {
        node.File?.Path = path;
        foreach ((string name, Node below) in node.Names)
        {
            Tell(below, $"{path}{Path.DirectorySeparatorChar}{name}");
        }
    }

    /// <summary>A file, or a folder with names in it.</summary>
    private sealed class Node(SimulatedFile? file)
    {
        public SimulatedFile? File => file;

        public Dictionary<string, Node> Names { get; } = [];

        public Dictionary<string, Node> DurableNames { get; } = [];

        public (Node Folder, string Name)? Place { get; set; }

        public (Node Folder, string Name)? DurablePlace { get; set; }
    }

    /// <summary>Something got another place, or none; durable when no folder is left that has to be synced.</summary>
    private sealed record Change(Node What, (Node Folder, string Name)? Place, HashSet<Node> Unsynced)
    {
        public void Apply()
        {
            if (What.DurablePlace is { } before)
            {
                before.Folder.DurableNames.Remove(before.Name);
            }
            if (Place is { } place)
            {
                if (place.Folder.DurableNames.TryGetValue(place.Name, out Node? displaced))
                {
                    displaced.DurablePlace = null;
                }
                place.Folder.DurableNames[place.Name] = What;
            }
            What.DurablePlace = Place;
        }
    }
}
