using Foretell.Engine.Events;

namespace Foretell.Web.Events;

/// <summary>What became of the events of one request.</summary>
/// <param name="Accepted">Events that are in the log now.</param>
/// <param name="Rejected">The first 100 events that could not be read; nothing of them is kept.</param>
/// <param name="RejectedTotal">All events that could not be read.</param>
/// <param name="Position">Token for `after`: a query that carries it sees these events.</param>
public sealed record EventsAnswer(int Accepted, IReadOnlyList<RejectedEvent> Rejected, int RejectedTotal, string Position)
{
    internal static EventsAnswer Of(int accepted, RejectedEvents rejected, Position position) =>
        new(accepted, rejected.First, rejected.Total, position.ToString());
}

/// <summary>An event that could not be read.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record RejectedEvent(int Index, string Reason);
