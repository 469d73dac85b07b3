using System.Net;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Grains.Tests.Support;
using Foretell.Hosting;
using Foretell.Support;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class SiloWeightTests
{
    private static readonly SiloAddress s_a = Silo(1), s_b = Silo(2);

    [Fact]
    public void Of_WhenEverySiloSaysOne_TakesItOrWhatIsKnownSince()
    {
        (SiloAddress, string?)[] said = [(s_a, "8"), (s_b, "22.627416997969522")];

        Assert.Equal(new Dictionary<SiloAddress, double> { [s_a] = 8, [s_b] = 22.627416997969522 }, SiloWeight.Of(said));
        Assert.Equal(new Dictionary<SiloAddress, double> { [s_a] = 8, [s_b] = 4 },
            SiloWeight.Of(said, new Dictionary<SiloAddress, double> { [s_b] = 4 }));
        Assert.Equal("22.627416997969522", SiloWeight.Format(22.627416997969522));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-3")]
    [InlineData("many")]
    public void Of_WhenASiloOfAnEarlierReleaseSaysNone_TakesAllForEqual(string? weight) => Assert.Equal(
        SiloWeight.Equal([s_a, s_b]), SiloWeight.Of([(s_a, "8"), (s_b, weight)],
            new Dictionary<SiloAddress, double> { [s_a] = 16 }));

    [Fact]
    public async Task Coordinator_WhenASiloHasAFasterDevice_GivesItMoreAndEqualSharesOnceItFailed()
    {
        const int Partitions = 12;
        var fast = new FastDevice(Small.Model, "cuda:0 Test", speedup: 2);
        GrainOptions options = GrainCluster.Calm with { QuietRounds = 1 };
        // Shards where both could be; readers on a third silo, which has no say in it.
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Model, options, silo => silo == 1 ? fast : null, Partitions,
            "worker", "worker", "gateway,ingest");
        await SharesAsync(cluster, slow: 4, fast: 8);

        fast.Fail("It failed.");
        await SharesAsync(cluster, slow: 6, fast: 6);

        Assert.Equal("It failed.", cluster.Platform(2).Status().Devices.Single(d => d.Name == "cuda:0 Test").Problem);
        Assert.Empty(cluster.Platform(2).Status().Problems);
    }

    private static Task SharesAsync(GrainCluster cluster, int slow, int fast) => ShardGrainTests.UntilAsync(() =>
    {
        IReadOnlyList<DeviceStatus> devices = cluster.Platform(2).Status().Devices;
        return Task.FromResult(devices.Sum(d => d.Name == "cpu" ? d.Partitions : 0) == slow
            && devices.Sum(d => d.Name == "cuda:0 Test" ? d.Partitions : 0) == fast);
    });

    private static SiloAddress Silo(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);
}
