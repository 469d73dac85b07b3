using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>A CloudEvent in binary mode: its attributes are properties of the message, its body is the data.</summary>
/// <remarks>Source: CloudEvents 1.0.2, AMQP protocol binding, section 3.1.3 (cloudEvents: and cloudEvents_), and Kafka protocol binding,
/// section 3.2.3 (ce_).</remarks>
internal sealed class BinaryCloudEvent
{
    private static readonly string[] s_prefixes = ["cloudEvents:", "cloudEvents_", "ce_"];

    private readonly StructuredCloudEvent _structured = new();

    // Of the message that is being looked at.
    private bool _isOne;
    private string? _reason;

    /// <summary>Whether a message is one, which it is when its properties hold an attribute that an event is read from.</summary>
    /// <param name="message">The message.</param>
    /// <param name="scratch">Memory for the values' texts.</param>
    /// <param name="structured">The event in structured mode, where it is one and there is no reason; holds until the next call.</param>
    /// <param name="reason">Why an attribute cannot be read; null where each can.</param>
    public bool Is(in BrokerMessage message, EscapeScratch scratch, out ReadOnlySpan<byte> structured, out string? reason)
    {
        (_isOne, _reason) = (false, null);
        IReadOnlyDictionary<string, object?>? properties = message.Properties;
        if (properties is Dictionary<string, object?> dictionary)
        {
            // Its own enumerator is a value; the interface's would be memory for each message.
            foreach ((string name, object? value) in dictionary)
            {
                Take(name, value, scratch);
            }
        }
        else if (properties is not null)
        {
            foreach ((string name, object? value) in properties)
            {
                Take(name, value, scratch);
            }
        }
        if (_isOne)
        {
            _structured.AddData(message.ContentType, message.Body.Span);
        }
        structured = _isOne ? _structured.End() : default;
        reason = _reason;
        return _isOne;
    }

    private void Take(string name, object? value, EscapeScratch scratch)
    {
        if (value is null || _reason is not null || AttributeOf(name) is not string attribute)
        {
            return;
        }
        if (!_isOne)
        {
            _isOne = true;
            _structured.Begin();
        }
        _reason = PropertyText.Read(value, attribute, scratch.Other, out int length);
        if (_reason is null)
        {
            _structured.Add(attribute, scratch.Other.AsSpan(0, length));
        }
    }

    private static string? AttributeOf(string name)
    {
        foreach (string prefix in s_prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                foreach (string attribute in StructuredCloudEvent.Attributes)
                {
                    if (name.AsSpan(prefix.Length).Equals(attribute, StringComparison.OrdinalIgnoreCase))
                    {
                        return attribute;
                    }
                }
            }
        }
        return null;
    }
}
