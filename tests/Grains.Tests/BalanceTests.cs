using System.Net;
using Foretell.Grains.Coordination;
using Foretell.Grains.Placement;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class BalanceTests
{
    private static readonly SiloAddress s_a = Silo(1), s_b = Silo(2), s_c = Silo(3);

    [Fact]
    public void Next_WhenASiloJoined_MovesOneFromTheMostLoaded() =>
        Assert.Equal((3, s_c), Balance.Next([s_a, s_b, s_a, s_a], Equal(s_a, s_b, s_c)));

    [Fact]
    public void Next_WhenLoadsDifferByOne_MovesNothing()
    {
        Assert.Null(Balance.Next([s_a, s_b, s_a], Equal(s_a, s_b)));
        Assert.Null(Balance.Next([s_a], Equal(s_a, s_b, s_c)));
        Assert.Null(Balance.Next([s_a, s_a], Equal()));
    }

    [Fact]
    public void Next_WhenRepeated_ComesToAnEnd()
    {
        SiloAddress[] silos = [s_a, s_b, s_c], locations = [.. Enumerable.Repeat(s_b, 32)];
        int moves = 0;
        while (Balance.Next(locations, Equal(silos)) is { } move)
        {
            locations[move.Partition] = move.Target;
            Assert.True(++moves < 32);
        }
        Assert.All(silos, s => Assert.InRange(locations.Count(s.Equals), 10, 11));
    }

    [Fact]
    public void Next_WhenASiloCanCarryMore_GivesItMore()
    {
        var weights = new Dictionary<SiloAddress, double> { [s_a] = 8, [s_b] = 8, [s_c] = 48 };
        SiloAddress[] locations = [.. Enumerable.Range(0, 32).Select(p => p % 2 == 0 ? s_a : s_b)];
        int moves = 0;
        while (Balance.Next(locations, weights) is { } move)
        {
            locations[move.Partition] = move.Target;
            Assert.True(++moves <= 24);
        }
        Assert.Equal((4, 4, 24), (locations.Count(s_a.Equals), locations.Count(s_b.Equals), locations.Count(s_c.Equals)));
        // Its device fails: the others take over what it cannot carry any more.
        weights[s_c] = 8;
        while (Balance.Next(locations, weights) is { } move)
        {
            locations[move.Partition] = move.Target;
        }
        Assert.All(weights.Keys, s => Assert.InRange(locations.Count(s.Equals), 10, 11));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 8, 32)]
    [InlineData(2, 3, 5)]
    [InlineData(16, 0.5, 7.5)]
    public void Place_OfEveryPartition_LeavesNothingToMove(double a, double b, double c)
    {
        var weights = new Dictionary<SiloAddress, double> { [s_a] = a, [s_b] = b, [s_c] = c };

        SiloAddress[] locations = [.. Enumerable.Range(0, 60).Select(p => SiloWeight.Place(p, weights))];

        Assert.Null(Balance.Next(locations, weights));
        Assert.Equal(c / (a + b + c), locations.Count(s_c.Equals) / 60.0, 0.02);
    }

    [Fact]
    public void Place_OfEqualSilos_LetsThemTakeTurns() =>
        Assert.Equal([s_a, s_b, s_c, s_a, s_b], Enumerable.Range(0, 5).Select(p => SiloWeight.Place(p, Equal(s_b, s_c, s_a))));

    private static IReadOnlyDictionary<SiloAddress, double> Equal(params SiloAddress[] silos) => SiloWeight.Equal(silos);

    private static SiloAddress Silo(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);
}
