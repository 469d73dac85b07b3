using System.Text;
using Foretell.Support;

namespace Foretell.Contracts.Tests.Support;

/// <summary>Files with what has to stay as it is.</summary>
/// <remarks>
/// A new contract needs a new file, and a new optional field changes one: run the tests with FORETELL_WRITE_GOLDEN=1
/// once, and look at what changed. A release's bytes may only grow: fields that are there keep their ids and types.
/// </remarks>
internal static class Golden
{
    private const int BytesPerLine = 32;

    private static readonly bool s_write = Environment.GetEnvironmentVariable("FORETELL_WRITE_GOLDEN") == "1";

    private static string Folder => Repository.At("tests/Contracts.Tests/Golden");

    /// <summary>Names of the files that are there.</summary>
    public static IEnumerable<string> Names => Directory.EnumerateFiles(Folder).Select(f => Path.GetFileName(f)!);

    /// <summary>Name of the file of a type or a call.</summary>
    public static string FileOf(string alias) => $"{alias.Replace('/', '+')}.hex";

    /// <summary>The bytes of a file.</summary>
    public static byte[] ReadBytes(string name) => Convert.FromHexString(string.Concat(ReadText(name).Split('\n')));

    /// <summary>Asserts that bytes are those of a file.</summary>
    public static void AssertBytes(string name, byte[] actual) =>
        AssertText(name, string.Concat(actual.Chunk(BytesPerLine).Select(line => Convert.ToHexString(line) + "\n")));

    /// <summary>Asserts that a text is that of a file.</summary>
    public static void AssertText(string name, string actual)
    {
        if (s_write)
        {
            File.WriteAllText(Path.Combine(Folder, name), actual, new UTF8Encoding(false));
            Assert.Fail($"Golden/{name} was written. Look at the difference, then run the tests without FORETELL_WRITE_GOLDEN.");
        }
        Assert.Equal(ReadText(name), actual);
    }

    private static string ReadText(string name)
    {
        string path = Path.Combine(Folder, name);
        Assert.True(File.Exists(path), $"Golden/{name} is missing. Run the tests once with FORETELL_WRITE_GOLDEN=1 and check the file in.");
        return File.ReadAllText(path);
    }
}
