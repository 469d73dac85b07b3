using System.IO.MemoryMappedFiles;

namespace Foretell.Fuzz.Running;

/// <summary>The input that a target is reading, in a file: it is still there when the process is not, and ends a process that
/// hangs.</summary>
public sealed class CurrentInput : IDisposable
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Timer _watch;
    private readonly string _path;
    private long _startedAt;

    public CurrentInput(string target)
    {
        _path = Path.Combine(Folder, $"{target}-current-{Environment.ProcessId}");
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, null, MostBytes);
        _view = _file.CreateViewAccessor();
        _watch = new Timer(_ => Watch(target), null, s_patience, TimeSpan.FromSeconds(5));
    }

    /// <summary>Where inputs go that made a target fail: artifacts/fuzz.</summary>
    public static string Folder { get; } = Directory.CreateDirectory(Path.Combine(SeedFolder.Repository, "artifacts", "fuzz")).FullName;

    /// <summary>A target begins to read an input.</summary>
    public void Begin(byte[] input)
    {
        // Length i32, then the bytes: what is behind them is of earlier ones.
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, MostBytes - sizeof(int)));
        Volatile.Write(ref _startedAt, Environment.TickCount64);
    }

    /// <summary>It is through.</summary>
    public void End() => Volatile.Write(ref _startedAt, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    private void Watch(string target)
    {
        if (Volatile.Read(ref _startedAt) is > 0 and var started && Environment.TickCount64 - started > s_patience.TotalMilliseconds)
        {
            Environment.FailFast($"{target} hangs on the input in {_path} (its length as i32, then its bytes).");
        }
    }
}
