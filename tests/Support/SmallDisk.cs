using System.Diagnostics;

namespace Foretell.Support;

/// <summary>A disk of its own, of a few megabytes in memory, which can be filled up or made read-only. Needs the right to mount.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallDisk()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => _folder.Path;

    /// <summary>Mounts a disk; skips the test where that is not allowed.</summary>
    public static SmallDisk Mount(int megabytes)
    {
        var disk = new SmallDisk();
        if (!OperatingSystem.IsLinux() || !disk.Run($"-t tmpfs -o size={megabytes}m tmpfs {disk.Path}"))
        {
            disk._folder.Dispose();
            Assert.Skip("A disk can be mounted on Linux with root's rights only.");
        }
        return disk;
    }

    /// <summary>Path of a file on it.</summary>
    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Takes all the room there is.</summary>
    public void Fill()
    {
        using var file = new FileStream(At("filler"), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (int bytes in new[] { 65536, 4096, 1 })
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[bytes]);
                }
            }
            catch (IOException)
            {
                // No room for so many.
            }
        }
    }

    /// <summary>Gives the room back.</summary>
    public void MakeRoom() => File.Delete(At("filler"));

    /// <summary>Lets nobody write any more.</summary>
    public void MakeReadOnly() => Assert.True(Run($"-o remount,ro {Path}"));

    public void Dispose()
    {
        Run($"-l {Path}", "umount");
        _folder.Dispose();
    }

    private bool Run(string arguments, string program = "mount")
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
