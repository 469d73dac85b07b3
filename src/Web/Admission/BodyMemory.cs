using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Admission;

/// <summary>The memory that request bodies may take together, and what of it one client may: from the first byte that is kept
/// until the events are with the log.</summary>
/// <remarks>What does not fit is refused before it is read on, so that no number of clients, fast or stalled, takes more.</remarks>
internal sealed class BodyMemory(IOptions<ForetellWebOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _byClient = [];
    private long _held;

    /// <summary>Bytes held now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>The share of one request; nothing yet.</summary>
    public BodyLease Open(HttpContext http) => new(this, ClientIdentity.Of(http));

    /// <param name="client">Whose.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="share">Whether the client's share must suffice, too.</param>
    /// <exception cref="RequestException">So many bytes are not left: of all (503), or of the client's share (429).</exception>
    internal void Take(string client, long bytes, bool share)
    {
        ForetellWebOptions limits = options.Value;
        lock (_gate)
        {
            long own = _byClient.GetValueOrDefault(client);
            if (_held + bytes > limits.MaxBodyBytesInFlight)
            {
                throw new RequestException(ProblemKind.Overloaded, $"Request bodies that are in work hold {_held >> 20} MiB, and at most "
                    + $"{limits.MaxBodyBytesInFlight >> 20} MiB may. Nothing of this request was kept; send it again after a pause.");
            }
            if (share && own + bytes > limits.MaxBodyBytesPerClient)
            {
                throw new RequestException(ProblemKind.TooManyRequests, $"This client's request bodies in work hold {own >> 20} MiB, and at most "
                    + $"{limits.MaxBodyBytesPerClient >> 20} MiB of one client may. Nothing of this request was kept; send fewer at a time.");
            }
            _byClient[client] = own + bytes;
            _held += bytes;
        }
    }

    internal void Return(string client, long bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            if ((_byClient[client] -= bytes) == 0)
            {
                _byClient.Remove(client);
            }
        }
    }
}

/// <summary>What one request holds of <see cref="BodyMemory"/>; dispose it to give all of it back.</summary>
internal sealed class BodyLease(BodyMemory memory, string client) : IDisposable
{
    private long _bytes;
    private bool _isSmall;

    /// <summary>Takes more.</summary>
    /// <exception cref="RequestException">It is not left.</exception>
    public void Take(long bytes)
    {
        if (bytes > 0)
        {
            memory.Take(client, bytes, share: !_isSmall);
            _bytes += bytes;
        }
    }

    /// <summary>Takes what a body needs that is there already. It is done with at once, so it goes in even where the client's other
    /// requests, which may be somebody else's behind the same address, have used up the share.</summary>
    /// <exception cref="RequestException">It is not left.</exception>
    public void TakeSmall(long bytes)
    {
        _isSmall = true;
        memory.Take(client, bytes, share: false);
        _bytes += bytes;
    }

    /// <summary>Gives some of it back.</summary>
    public void Return(long bytes)
    {
        if (bytes > 0)
        {
            _bytes -= bytes;
            memory.Return(client, bytes);
        }
    }

    public void Dispose() => Return(_bytes);
}
