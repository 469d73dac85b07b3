using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;

namespace Foretell.FakeHub.Wire;

/// <summary>Values of application properties: types of .NET, and what Microsoft's clients make of them on the wire.</summary>
internal static class PropertyValue
{
    private const string DateTimeOffset = "com.microsoft:datetime-offset", TimeSpan = "com.microsoft:timespan", Uri = "com.microsoft:uri";

    public static object? ToAmqp(object? value) => value switch
    {
        byte[] bytes => new ArraySegment<byte>(bytes),
        DateTimeOffset time => new DescribedType(new AmqpSymbol(DateTimeOffset), time.UtcTicks),
        TimeSpan span => new DescribedType(new AmqpSymbol(TimeSpan), span.Ticks),
        Uri uri => new DescribedType(new AmqpSymbol(Uri), uri.AbsoluteUri),
        _ => value,
    };

    public static object? FromAmqp(object? value) => value switch
    {
        ArraySegment<byte> bytes => bytes.ToArray(),
        AmqpSymbol symbol => symbol.Value,
        DescribedType described => FromDescribed(described),
        _ => value,
    };

    private static object? FromDescribed(DescribedType described) => (described.Descriptor?.ToString(), described.Value) switch
    {
        (DateTimeOffset, long ticks) => new DateTimeOffset(ticks, System.TimeSpan.Zero),
        (TimeSpan, long ticks) => new TimeSpan(ticks),
        (Uri, string text) => new Uri(text),
        _ => described.Value,
    };
}
