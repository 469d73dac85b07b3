using System.Net;
using Foretell.Grains.Coordination;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class PlacesTests
{
    private static readonly SiloAddress s_old = Silo(1), s_new = Silo(2);

    private readonly List<(int Partition, SiloAddress Target)> _moves = [];

    [Fact]
    public async Task EvenOut_WhenASiloJoins_MovesTheNextWhenTheLastOneAnswersFromThere()
    {
        Places places = AllAt(s_old, 4);

        await EvenOutAsync(places);
        Assert.Equal([(3, s_new)], _moves);
        Assert.True(places.IsSettled);
        // One is on its way: no other follows.
        await EvenOutAsync(places);
        Assert.Single(_moves);
        // Not ready yet.
        places.Found(3, null, wasMoving: true);
        await EvenOutAsync(places);
        Assert.Single(_moves);

        places.Found(3, s_new, wasMoving: true);
        await EvenOutAsync(places);
        Assert.Equal([(3, s_new), (2, s_new)], _moves);
        places.Found(2, s_new, wasMoving: true);
        await EvenOutAsync(places);
        Assert.Equal(2, _moves.Count);
    }

    [Fact]
    public async Task Found_WhenItWasAskedBeforeTheMove_CountsForNothing()
    {
        Places places = AllAt(s_old, 2);
        await EvenOutAsync(places);

        places.Found(1, s_old, wasMoving: false);

        Assert.True(places.IsMoving(1));
        await EvenOutAsync(places);
        Assert.Single(_moves);
    }

    [Fact]
    public async Task Settled_WhenAPartitionIsLostOrNew_IsNot()
    {
        Places places = AllAt(s_old, 2);
        places.Lost(0);
        Assert.False(places.IsSettled);
        await EvenOutAsync(places);
        Assert.Empty(_moves);

        places.Found(0, s_old, wasMoving: false);
        Assert.True(places.IsSettled);
        places.Count = 3;
        Assert.False(places.IsSettled);
    }

    [Fact]
    public async Task EvenOut_WhenAMoveFails_ForgetsIt()
    {
        Places places = AllAt(s_old, 2);

        await Assert.ThrowsAsync<TimeoutException>(() => places.EvenOutAsync(Weights(), (_, _) => throw new TimeoutException()));

        Assert.False(places.IsMoving(1));
        Assert.False(places.IsSettled);
        places.Found(1, s_old, wasMoving: false);
        await EvenOutAsync(places);
        Assert.Equal([(1, s_new)], _moves);
    }

    private static Places AllAt(SiloAddress silo, int count)
    {
        var places = new Places { Count = count };
        for (int partition = 0; partition < count; partition++)
        {
            places.Found(partition, silo, wasMoving: false);
        }
        return places;
    }

    private Task EvenOutAsync(Places places) => places.EvenOutAsync(Weights(), (partition, target) =>
    {
        _moves.Add((partition, target));
        return Task.CompletedTask;
    });

    private static Dictionary<SiloAddress, double> Weights() => new() { [s_old] = 1, [s_new] = 1 };

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 0);
}
