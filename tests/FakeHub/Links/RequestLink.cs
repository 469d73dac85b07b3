using Microsoft.Azure.Amqp;

namespace Foretell.FakeHub.Links;

/// <summary>Takes requests and sends each one's answer over the link that it names as its reply-to.</summary>
internal static class RequestLink
{
    /// <param name="answer">Makes the answer to a request.</param>
    public static void Open(ReceivingAmqpLink link, Func<AmqpMessage, AmqpMessage> answer)
    {
        var connection = (ClientConnection)link.Session.Connection;
        link.RegisterMessageListener(request =>
        {
            link.AcceptMessage(request, batchable: false);
            if (connection.Answers.TryGetValue(request.Properties.ReplyTo?.ToString() ?? "", out SendingAmqpLink? answers))
            {
                AmqpMessage message = answer(request);
                message.Properties.CorrelationId = request.Properties.MessageId;
                answers.SendMessageNoWait(message, new ArraySegment<byte>(Guid.NewGuid().ToByteArray()), AmqpConstants.NullBinary);
            }
            request.Dispose();
        });
    }

    /// <summary>A value of a request's application properties as text, or null.</summary>
    public static string? Property(AmqpMessage request, string name) =>
        request.ApplicationProperties.Map.TryGetValue(name, out object? value) ? value?.ToString() : null;

    /// <summary>An answer of a status, after HTTP's.</summary>
    public static AmqpMessage Answer(int status, string description, object body, string? condition = null)
    {
        AmqpMessage message = AmqpMessage.Create(new Microsoft.Azure.Amqp.Framing.AmqpValue { Value = body });
        message.ApplicationProperties.Map["status-code"] = status;
        message.ApplicationProperties.Map["status-description"] = description;
        if (condition is not null)
        {
            message.ApplicationProperties.Map["error-condition"] = new Microsoft.Azure.Amqp.Encoding.AmqpSymbol(condition);
        }
        return message;
    }
}
