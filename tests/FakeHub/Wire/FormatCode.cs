namespace Foretell.FakeHub.Wire;

/// <summary>Constructors of the AMQP 1.0 type system (part 1 of the standard), those that are named here.</summary>
internal static class FormatCode
{
    public const byte Described = 0x00, SmallULong = 0x53, ULong = 0x80;

    public const byte SmallInt = 0x54, SmallLong = 0x55, Int = 0x71, Long = 0x81, Timestamp = 0x83;

    public const byte Binary8 = 0xa0, String8 = 0xa1, Symbol8 = 0xa3, Binary32 = 0xb0, String32 = 0xb1, Symbol32 = 0xb3;

    public const byte Map8 = 0xc1, Map32 = 0xd1;
}

/// <summary>Descriptors of a message's sections, in their order (part 3 of the standard).</summary>
internal static class Section
{
    public const byte Header = 0x70, DeliveryAnnotations = 0x71, MessageAnnotations = 0x72, Properties = 0x73, Data = 0x75;
}
