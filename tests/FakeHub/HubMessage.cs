using System.Text;

namespace Foretell.FakeHub;

/// <summary>An event as a sender makes it.</summary>
public sealed record HubMessage
{
    public HubMessage()
    {
    }

    /// <param name="body">Content of the data section.</param>
    public HubMessage(ReadOnlyMemory<byte> body) => Body = body;

    /// <param name="body">Content of the data section, UTF-8.</param>
    public HubMessage(string body) => Body = Encoding.UTF8.GetBytes(body);

    /// <summary>Content of the data section; empty for a body of another kind.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Content of a value section instead: a string, number, byte[], list or map of AMQP.</summary>
    public object? Value { get; init; }

    /// <summary>Content of a sequence section instead.</summary>
    public IReadOnlyList<object?>? Sequence { get; init; }

    public string? ContentType { get; init; }

    public string? MessageId { get; init; }

    public string? CorrelationId { get; init; }

    public string? Subject { get; init; }

    /// <summary>Application properties: string, int, long, double, bool, Guid, decimal, byte[], DateTime, DateTimeOffset, TimeSpan,
    /// Uri, or null.</summary>
    public IReadOnlyDictionary<string, object?> Properties { get; init; } = new Dictionary<string, object?>();

    /// <summary>The data section as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body.Span);
}
