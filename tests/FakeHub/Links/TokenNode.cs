using Microsoft.Azure.Amqp;

namespace Foretell.FakeHub.Links;

/// <summary>The node $cbs: takes the tokens that a client puts for the addresses of its links.</summary>
internal static class TokenNode
{
    public static AmqpMessage Answer(AmqpMessage request, ClientConnection connection, TokenPolicy policy)
    {
        string? audience = RequestLink.Property(request, "name");
        try
        {
            DateTimeOffset expiry = policy.Accept(RequestLink.Property(request, "type"), audience, request.ValueBody?.Value as string);
            connection.Grants.Add(LinkAddress.Parse(audience), expiry);
            return RequestLink.Answer(202, "Accepted", "");
        }
        catch (HubException refusal)
        {
            return RequestLink.Answer(401, refusal.Message, "", refusal.Condition);
        }
    }
}
