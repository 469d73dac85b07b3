using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;

namespace Foretell.Cli.Tests.Killed;

/// <summary>The library that writes down what a process does to the files of a folder, and what it wrote (power_journal.c).</summary>
internal static class PowerJournal
{
    private const int HeadBytes = 24;

    private static readonly Lazy<string?> s_library = new(Build);

    /// <summary>Path of the library, built at first use; skips the test where that cannot be done.</summary>
    public static string Library()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Power cuts of real processes are played on Linux only.");
        Assert.SkipWhen(s_library.Value is null, "There is no C compiler 'gcc'; power cuts of real processes were not played.");
        return s_library.Value!;
    }

    /// <summary>The records of a journal, without one that the kill tore at its end.</summary>
    public static IEnumerable<JournalRecord> Read(string path)
    {
        byte[] journal = File.Exists(path) ? File.ReadAllBytes(path) : [];
        for (int at = 0; at + HeadBytes <= journal.Length;)
        {
            ReadOnlySpan<byte> head = journal.AsSpan(at, HeadBytes);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
            at += HeadBytes;
            if (at + bytes > journal.Length)
            {
                yield break;
            }
            yield return new JournalRecord((JournalKind)BinaryPrimitives.ReadInt32LittleEndian(head),
                BinaryPrimitives.ReadUInt64LittleEndian(head[8..]), BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
                journal.AsMemory(at, bytes));
            at += bytes;
        }
    }

    private static string? Build()
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Killed", "power_journal.c"), library = Path.ChangeExtension(source, ".so");
        try
        {
            using Process compiler = Process.Start(new ProcessStartInfo("gcc",
                ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, source]) { RedirectStandardError = true })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? library : throw new InvalidOperationException($"power_journal.c cannot be compiled: {errors}");
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>What a record of the journal tells of; power_journal.c says of each what its number and bytes are.</summary>
internal enum JournalKind
{
    Write = 1,
    Cut,
    SyncBegins,
    SyncEnds,
    Open,
    Rename,
    Remove,
}

/// <summary>One record of the journal.</summary>
internal readonly record struct JournalRecord(JournalKind Kind, ulong File, long Number, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The file of a record that is about the folder itself: its names.</summary>
    public const ulong Folder = 1;
}
