using Foretell.Engine.Events;

namespace Foretell.Ingest.Tests.Messages;

public sealed class PropertyTextTests
{
    public static TheoryData<object, string> Texts => new()
    {
        { "é", "é" },
        { new byte[] { 0xC3, 0xA9 }, "é" },
        { 42, "42" },
        { -42L, "-42" },
        { long.MinValue, "-9223372036854775808" },
        { ulong.MaxValue, "18446744073709551615" },
        { (short)-3, "-3" },
        { (ushort)3, "3" },
        { (byte)255, "255" },
        { (sbyte)-1, "-1" },
        { 7u, "7" },
        { 0.1, "0.1" },
        { 42.0, "42" },
        { 1e300, "1E+300" },
        { 0.1f, "0.1" },
        { 12.50m, "12.50" },
        { true, "true" },
        { false, "false" },
        { 'x', "x" },
        { Guid.Parse("6F9619FF-8B86-D011-B42D-00CF4FC964FF"), "6f9619ff-8b86-d011-b42d-00cf4fc964ff" },
        { new DateTimeOffset(2026, 1, 31, 13, 0, 0, TimeSpan.FromHours(1)), "2026-01-31T12:00:00Z" },
        { new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero).AddTicks(1), "2026-01-31T12:00:00.0000001Z" },
        { new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc), "2026-01-31T12:00:00Z" },
        { new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Unspecified), "2026-01-31T12:00:00" },
        { TimeSpan.FromSeconds(90), "00:01:30" },
        { new Uri("https://example.org/a%20b"), "https://example.org/a%20b" },
        { new Uri("/relative", UriKind.Relative), "/relative" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Read_WhenAPropertyIsOfAKnownType_TakesItsText(object value, string text) =>
        Assert.Equal(text, DecodedMessage.From("", null, "stream=@property.p", properties: ("p", value)).Event.Stream);

    public static TheoryData<object> OddValues =>
        [new object(), new[] { 1 }, new Dictionary<string, int>(), new List<object>(), new Version(1, 2), DayOfWeek.Friday, DBNull.Value];

    [Theory]
    [MemberData(nameof(OddValues))]
    public void Read_WhenAPropertyIsOfAnOddType_IsRefusedByItsName(object value)
    {
        string reason = DecodedMessage.From("{}", null, "stream=@property.p", properties: ("p", value)).Refusal;

        Assert.Equal("'stream' must be a string, a number, a boolean, a GUID, a time, a URI or bytes of UTF-8, got a property of type "
            + $"{value.GetType().Name}. The mapping says stream=@property.p.", reason);
    }

    [Fact]
    public void Read_WhenAPropertyIsNoUnicode_IsRefused()
    {
        // Not as theory data: what carries those along would mend the half surrogates.
        object[] values = ["\ud800", "a\udc00b", new byte[] { 0xED, 0xA0, 0x80 }, new byte[] { 0xFF }];

        Assert.All(values, value => Assert.Equal("'mark' is no valid Unicode: it holds invalid UTF-8 or half of a surrogate pair. "
            + "The mapping says mark=@property.p.",
            DecodedMessage.From("", null, "stream=@partitionKey,mark=@property.p", "k", ("p", value)).Refusal));
    }

    public static TheoryData<object, long> Times => new()
    {
        { "2026-01-31T12:00:00Z", 1_769_860_800_0000000 },
        { "1769860800.5", 1_769_860_800_5000000 },
        { "1769860800"u8.ToArray(), 1_769_860_800_0000000 },
        { 1_769_860_800L, 1_769_860_800_0000000 },
        { 1_769_860_800, 1_769_860_800_0000000 },
        { 0.0015, 15_000 },
        { 1.5e-5, 150 },
        { 1_769_860_800.25m, 1_769_860_800_2500000 },
        { new DateTimeOffset(2026, 1, 31, 13, 0, 0, TimeSpan.FromHours(1)).AddTicks(3), 1_769_860_800_0000003 },
        { DateTimeOffset.MinValue, EventTime.Min },
        { DateTimeOffset.MaxValue, EventTime.Max },
        { new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc), 1_769_860_800_0000000 },
        { new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc).ToLocalTime(), 1_769_860_800_0000000 },
    };

    [Theory]
    [MemberData(nameof(Times))]
    public void Read_WhenAPropertyIsATime_TakesItToTheTick(object value, long ticks) => Assert.Equal(ticks,
        DecodedMessage.From("", null, "stream=@partitionKey,time=@property.p", "k", ("p", value)).Event.Ticks);

    public static TheoryData<object, string> NoTimes => new()
    {
        { TimeSpan.FromSeconds(90), "got \"00:01:30\"" },
        { true, "got \"true\"" },
        { double.NaN, "got \"NaN\"" },
        { 1e300, "within years 1 to 9999" },
        { new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Unspecified), "has no offset" },
        { Array.Empty<byte>(), "got \"\"" },
        { new byte[] { 0xFF }, "no valid Unicode" },
        { new object(), "got a property of type Object" },
    };

    [Theory]
    [MemberData(nameof(NoTimes))]
    public void Read_WhenAPropertyIsNoTime_IsRefused(object value, string reason) => Assert.Contains(reason,
        DecodedMessage.From("", null, "stream=@partitionKey,time=@property.p", "k", ("p", value)).Refusal);
}
