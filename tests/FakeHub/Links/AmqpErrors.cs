using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;

namespace Foretell.FakeHub.Links;

/// <summary>Refusals of the hub, as the AMQP library sends them.</summary>
internal static class AmqpErrors
{
    public static Error ToError(this HubException refusal) => new() { Condition = refusal.Condition, Description = refusal.Message };

    public static AmqpException ToAmqp(this HubException refusal) => new(refusal.ToError());
}
