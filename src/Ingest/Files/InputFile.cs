using System.Security;

namespace Foretell.Ingest.Files;

/// <summary>Opens what a path names: a file, a pipe, or standard input. It is read once, from its start to its end.</summary>
public static class InputFile
{
    /// <summary>The path of standard input.</summary>
    public const string StandardInput = "-";

    // Standard input is the process's, and so is whether somebody has read it.
    private static int s_isStandardInputTaken;

    /// <summary>True where a path names something that can be read a second time: no pipe, and not standard input.</summary>
    public static bool CanReadAgain(string path) => path != StandardInput && new FileInfo(path) is { Exists: true, Length: > 0 };

    /// <summary>What messages call it.</summary>
    internal static string NameOf(string path) => path == StandardInput ? "standard input" : path;

    /// <summary>Opens it, without unpacking anything.</summary>
    /// <exception cref="EventFileException">There is nothing that could be read; the message says what is there.</exception>
    internal static Stream Open(string path)
    {
        if (path == StandardInput)
        {
            return OpenStandardInput();
        }
        if (Directory.Exists(path))
        {
            throw new EventFileException(path, 0, "This is a directory; expected a file of events.");
        }
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EventFileException(path, 0, "There is no such file.", error);
        }
        catch (IOException error) when (error.HResult == NoSuchDevice)
        {
            throw new EventFileException(path, 0, "This is a socket or a device without a driver; expected a file of events or a pipe.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SecurityException or ArgumentException)
        {
            throw new EventFileException(path, 0, $"The file cannot be opened: {error.Message}", error);
        }
    }

    /// <summary>Refuses what has no length and gives bytes all the same: a device, such as /dev/zero, that has no end.</summary>
    /// <exception cref="EventFileException">It is one.</exception>
    internal static void RefuseDevice(Stream file, string path, int bytesRead)
    {
        if (bytesRead > 0 && file is FileStream { CanSeek: true, Length: 0 })
        {
            throw new EventFileException(path, 0, "This is a device or another special file, which need not end; expected a file of events or a pipe.");
        }
    }

    /// <summary>ENXIO of Linux and macOS: what opening a socket says.</summary>
    private const int NoSuchDevice = 6;

    private static Stream OpenStandardInput()
    {
        if (!Console.IsInputRedirected)
        {
            throw new EventFileException(NameOf(StandardInput), 0,
                "This is the terminal. Send a file into it with a pipe or with < FILE.");
        }
        return Interlocked.Exchange(ref s_isStandardInputTaken, 1) == 0
            ? Console.OpenStandardInput()
            : throw new EventFileException(NameOf(StandardInput), 0, "It can be read once, and was read already; only one file can be -.");
    }
}
