using System.Buffers.Binary;
using System.Text;

namespace Foretell.Models.Torch.Tests.Native;

public class VersionNeedsTests
{
    [Fact]
    public void Weaken_WhenTheVersionIsNeeded_ChangesItsFlagAlone()
    {
        byte[] library = Library(), changed = [.. library];

        Assert.True(VersionNeeds.Weaken(changed, "NEW_2"));

        int[] differ = [.. Enumerable.Range(0, library.Length).Where(i => library[i] != changed[i])];
        Assert.Equal([FlagsOfNew], differ);
        Assert.Equal(2, changed[FlagsOfNew]);
        Assert.False(VersionNeeds.Weaken(changed, "NEW_2"));
    }

    [Fact]
    public void Weaken_WhenTheVersionIsNotNeeded_ChangesNothing()
    {
        byte[] library = Library(), changed = [.. library];

        Assert.False(VersionNeeds.Weaken(changed, "NEW_3"));

        Assert.Equal(library, changed);
    }

    [Fact]
    public void Weaken_WhenTheFileIsNoLibrary_SaysSo() =>
        Assert.Throws<InvalidDataException>(() => VersionNeeds.Weaken(new byte[200], "NEW_2"));

    private const int Sections = 64, Needs = Sections + 2 * 64, Names = Needs + 96, FlagsOfNew = Needs + 80 + 4;

    /// <summary>An ELF file of two sections: names, and the needs of two libraries, NEW_2 the last of the second one's two.</summary>
    private static byte[] Library()
    {
        byte[] names = Encoding.ASCII.GetBytes("\0OLD_1\0NEW_2\0"), file = new byte[Names + names.Length];
        "\u007fELF\u0002\u0001"u8.CopyTo(file);
        Write(0x28, Sections);
        Write(0x3a, 64);
        Write(0x3c, 2);
        Write(Sections + 24, Names);
        Write(Sections + 64 + 4, 0x6ffffffe);
        Write(Sections + 64 + 24, Needs);
        Write(Sections + 64 + 40, 0);
        Library(Needs, versions: 1, aux: 16, next: 32);
        Version(Needs + 16, name: 1, next: 0);
        Library(Needs + 32, versions: 2, aux: 32, next: 0);
        Version(Needs + 64, name: 1, next: 16);
        Version(Needs + 80, name: 7, next: 0);
        names.CopyTo(file, Names);
        return file;

        void Write(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Library(int at, uint versions, uint aux, uint next)
        {
            Write(at, 1 | (versions << 16));
            Write(at + 8, aux);
            Write(at + 12, next);
        }
        void Version(int at, uint name, uint next)
        {
            Write(at + 8, name);
            Write(at + 12, next);
        }
    }
}
