using System.Net;
using Foretell.Grains.Coordination;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class BalanceTests
{
    private static readonly SiloAddress s_a = Silo(1), s_b = Silo(2), s_c = Silo(3);

    [Fact]
    public void Next_WhenASiloJoined_MovesOneFromTheMostLoaded() =>
        Assert.Equal((3, s_c), Balance.Next([s_a, s_b, s_a, s_a], [s_a, s_b, s_c]));

    [Fact]
    public void Next_WhenLoadsDifferByOne_MovesNothing()
    {
        Assert.Null(Balance.Next([s_a, s_b, s_a], [s_a, s_b]));
        Assert.Null(Balance.Next([s_a], [s_a, s_b, s_c]));
        Assert.Null(Balance.Next([s_a, s_a], []));
    }

    [Fact]
    public void Next_WhenRepeated_ComesToAnEnd()
    {
        SiloAddress[] silos = [s_a, s_b, s_c], locations = [.. Enumerable.Repeat(s_b, 32)];
        int moves = 0;
        while (Balance.Next(locations, silos) is { } move)
        {
            locations[move.Partition] = move.Target;
            Assert.True(++moves < 32);
        }
        Assert.All(silos, s => Assert.InRange(locations.Count(s.Equals), 10, 11));
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);
}
