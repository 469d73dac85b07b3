using Foretell.Web.Admission;
using Foretell.Web.Http;

namespace Foretell.Web.Tests.Admission;

public sealed class FairTurnsTests
{
    private static FairTurns Turns(int atOnce = 1, int clientAtOnce = 1, int clientWaiting = 10, int waiting = 100) =>
        new("the test", atOnce, clientAtOnce, clientWaiting, waiting);

    [Fact]
    public async Task Take_WhenOneClientAsksForMuch_LetsTheOthersGoBetween()
    {
        FairTurns turns = Turns();
        FairTurns.Turn now = await turns.TakeAsync("greedy", default);
        var order = new List<string>();
        Task[] waiting = [.. new[] { "greedy", "greedy", "greedy", "modest", "other", "modest" }.Select(TakeAsync)];

        now.Dispose();
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(["greedy", "modest", "other", "greedy", "modest", "greedy"], order);
        Assert.Equal(0, turns.Waiting);

        async Task TakeAsync(string client)
        {
            using FairTurns.Turn turn = await turns.TakeAsync(client, default);
            lock (order)
            {
                order.Add(client);
            }
        }
    }

    [Fact]
    public async Task Take_WhenAClientHasItsTurns_GivesTheNextToAnother()
    {
        FairTurns turns = Turns(atOnce: 3, clientAtOnce: 2);
        using FairTurns.Turn first = await turns.TakeAsync("a", default), second = await turns.TakeAsync("a", default);
        ValueTask<FairTurns.Turn> third = turns.TakeAsync("a", default);
        Assert.False(third.IsCompleted);
        using FairTurns.Turn other = await turns.TakeAsync("b", default);

        first.Dispose();
        using FairTurns.Turn now = await third.AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Take_WhenTooManyOfAClientWait_IsRefusedAsItsShareIsUsed()
    {
        FairTurns turns = Turns(clientWaiting: 2);
        using FairTurns.Turn now = await turns.TakeAsync("a", default);
        _ = turns.TakeAsync("a", default);
        _ = turns.TakeAsync("a", default);
        var e = await Assert.ThrowsAsync<RequestException>(async () => await turns.TakeAsync("a", default));
        Assert.Equal(ProblemKind.TooManyRequests, e.Kind);
        Assert.False(turns.TakeAsync("b", default).IsFaulted);
    }

    [Fact]
    public async Task Take_WhenTooManyWait_IsRefusedAsAllIsUsed()
    {
        FairTurns turns = Turns(waiting: 2);
        using FairTurns.Turn now = await turns.TakeAsync("a", default);
        _ = turns.TakeAsync("b", default);
        _ = turns.TakeAsync("c", default);
        var e = await Assert.ThrowsAsync<RequestException>(async () => await turns.TakeAsync("d", default));
        Assert.Equal(ProblemKind.Overloaded, e.Kind);
    }

    [Fact]
    public async Task Take_WhenTheWaiterGoes_LeavesItsPlaceToTheNext()
    {
        FairTurns turns = Turns();
        FairTurns.Turn now = await turns.TakeAsync("a", default);
        using var gone = new CancellationTokenSource();
        ValueTask<FairTurns.Turn> leaves = turns.TakeAsync("b", gone.Token), stays = turns.TakeAsync("c", default);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await leaves);
        now.Dispose();
        now.Dispose();

        using FairTurns.Turn next = await stays.AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, turns.Waiting);
        Assert.False(turns.TakeAsync("d", default).IsCompleted);
    }
}
