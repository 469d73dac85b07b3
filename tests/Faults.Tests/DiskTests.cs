using Foretell.Faults.Disk;

namespace Foretell.Faults.Tests;

/// <summary>The disk has the faults of true disks, and no others.</summary>
public sealed class DiskTests
{
    private readonly SimulatedFile _file = new("/data/log.db");

    [Fact]
    public void PowerCut_WhenEverythingWasSynced_LosesNothing()
    {
        _file.Write(0, [1, 2, 3]);
        _file.Write(1, [4]);
        _file.Sync();

        for (int seed = 0; seed < 50; seed++)
        {
            _file.LosePower(new Random(seed));
            Assert.Equal([1, 4, 3], Content());
        }
    }

    [Fact]
    public void SyncUpTo_WhenWritesGoOnMeanwhile_MakesDurableWhatCameBefore()
    {
        _file.Write(0, [1, 1, 1]);
        long begun = _file.Changes;
        _file.Write(1, [2]);
        _file.SyncUpTo(begun);
        long again = _file.Changes;
        _file.SyncUpTo(begun);

        Assert.Equal((1, 2, 1), (begun, again, _file.Pending));
        var seen = new HashSet<byte>();
        for (int seed = 0; seed < 50; seed++)
        {
            var file = new SimulatedFile("/data/log.db");
            file.Write(0, [1, 1, 1]);
            file.Write(1, [2]);
            file.SyncUpTo(1);
            file.LosePower(new Random(seed));
            byte[] content = new byte[3];
            Assert.True(file.Read(0, content));
            Assert.Equal((1, 1), (content[0], content[2]));
            seen.Add(content[1]);
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public void PowerCut_WhenWritesWereNotSynced_KeepsAnySectorsOfThem()
    {
        var seen = new HashSet<(byte, byte, byte)>();
        for (int seed = 0; seed < 200; seed++)
        {
            var file = new SimulatedFile("/data/log.db");
            file.Write(0, new byte[3 * SimulatedFile.Sector]);
            file.Sync();
            file.Write(0, Enumerable.Repeat((byte)1, 2 * SimulatedFile.Sector).ToArray());
            file.Write(2 * SimulatedFile.Sector, Enumerable.Repeat((byte)1, SimulatedFile.Sector).ToArray());
            file.LosePower(new Random(seed));
            byte[] content = new byte[3 * SimulatedFile.Sector];
            file.Read(0, content);
            Assert.All(content.Chunk(SimulatedFile.Sector), sector => Assert.Single(sector.Distinct()));
            seen.Add((content[0], content[SimulatedFile.Sector], content[^1]));
        }
        Assert.Equal(8, seen.Count);
    }

    [Fact]
    public void Forget_WhenALaterSyncSucceeds_LeavesAHoleBehindThePowerCut()
    {
        bool hole = false;
        for (int seed = 0; seed < 20; seed++)
        {
            var file = new SimulatedFile("/data/log.db");
            file.Write(0, [1]);
            file.Forget(new Random(seed));
            file.Write(1, [2]);
            file.Sync();
            byte[] content = new byte[2];
            file.Read(0, content);
            Assert.Equal([1, 2], content);
            file.LosePower(new Random(seed));
            file.Read(0, content);
            Assert.Equal(2, content[1]);
            hole |= content[0] == 0;
        }
        Assert.True(hole);
    }

    private byte[] Content()
    {
        byte[] content = new byte[_file.Length];
        Assert.True(_file.Read(0, content));
        return content;
    }
}
