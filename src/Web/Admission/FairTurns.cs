using Foretell.Web.Http;

namespace Foretell.Web.Admission;

/// <summary>Turns at something that only so many may do at a time. Clients take turns with each other, however many requests each of
/// them has: whoever asks much waits behind himself.</summary>
/// <param name="what">What the turns are for, as the end of "... wait for their turn at".</param>
/// <param name="atOnce">Turns at a time.</param>
/// <param name="clientAtOnce">Turns of one client at a time.</param>
/// <param name="clientWaiting">Requests of one client that may wait; more are refused with 429.</param>
/// <param name="waiting">Requests that may wait; more are refused with 503.</param>
internal sealed class FairTurns(string what, int atOnce, int clientAtOnce, int clientWaiting, int waiting)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Client> _clients = [];

    // Clients with requests that wait, the one whose turn is next in front.
    private readonly LinkedList<Client> _next = new();
    private int _taken, _waiting;

    /// <summary>Requests that wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for a turn.</summary>
    /// <returns>The turn; dispose it when it is over.</returns>
    /// <exception cref="RequestException">Too many wait already.</exception>
    public async ValueTask<Turn> TakeAsync(string name, CancellationToken cancellationToken)
    {
        TaskCompletionSource<Turn> waiter;
        Client client;
        lock (_gate)
        {
            if (!_clients.TryGetValue(name, out client!))
            {
                _clients.Add(name, client = new Client(name));
            }
            if (client.Waiters.Count == 0 && client.Taken < clientAtOnce && _taken < atOnce)
            {
                return Grant(client);
            }
            if (client.Waiters.Count >= clientWaiting)
            {
                throw new RequestException(ProblemKind.TooManyRequests,
                    $"{client.Waiters.Count} requests of this client wait for their turn at {what}. Ask for less at a time, or later.");
            }
            if (_waiting >= waiting)
            {
                Forget(client);
                throw new RequestException(ProblemKind.Overloaded,
                    $"{_waiting} requests wait for their turn at {what}, and no more may. Send this one again after a pause.");
            }
            waiter = new TaskCompletionSource<Turn>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (client.Waiters.Count == 0)
            {
                _next.AddLast(client.Place);
            }
            client.Waiters.AddLast(waiter);
            _waiting++;
        }
        using CancellationTokenRegistration gone = cancellationToken.UnsafeRegister(
            (_, token) => Leave(client, waiter, token), null);
        return await waiter.Task;
    }

    private Turn Grant(Client client)
    {
        client.Taken++;
        _taken++;
        return new Turn(this, client);
    }

    private void Leave(Client client, TaskCompletionSource<Turn> waiter, CancellationToken token)
    {
        lock (_gate)
        {
            if (!client.Waiters.Remove(waiter))
            {
                return;
            }
            _waiting--;
            if (client.Waiters.Count == 0)
            {
                _next.Remove(client.Place);
            }
            Forget(client);
        }
        waiter.TrySetCanceled(token);
    }

    private void End(Client ended)
    {
        lock (_gate)
        {
            ended.Taken--;
            _taken--;
            for (LinkedListNode<Client>? place = _next.First; place is not null && _taken < atOnce;)
            {
                (Client client, LinkedListNode<Client>? behind) = (place.Value, place.Next);
                if (client.Taken < clientAtOnce)
                {
                    TaskCompletionSource<Turn> waiter = client.Waiters.First!.Value;
                    client.Waiters.RemoveFirst();
                    _waiting--;
                    _next.Remove(place);
                    if (client.Waiters.Count > 0)
                    {
                        _next.AddLast(place);
                    }
                    waiter.SetResult(Grant(client));
                }
                place = behind;
            }
            Forget(ended);
        }
    }

    private void Forget(Client client)
    {
        if (client is { Taken: 0, Waiters.Count: 0 })
        {
            _clients.Remove(client.Name);
        }
    }

    /// <summary>A client, as long as it has or waits for a turn.</summary>
    internal sealed class Client
    {
        public Client(string name) => (Name, Place) = (name, new LinkedListNode<Client>(this));

        public string Name { get; }

        public int Taken { get; set; }

        public LinkedList<TaskCompletionSource<Turn>> Waiters { get; } = new();

        public LinkedListNode<Client> Place { get; }
    }

    /// <summary>One turn.</summary>
    internal sealed class Turn(FairTurns turns, Client client) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                turns.End(client);
            }
        }
    }
}
