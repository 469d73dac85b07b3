using System.Globalization;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public class LocalTimeTests
{
    [Theory]
    [InlineData("Europe/Berlin", "2026-01-31T12:00:00", "2026-01-31T11:00:00Z")]
    [InlineData("Europe/Berlin", "2026-07-31 12:00:00.25", "2026-07-31T10:00:00.25Z")]
    // Clocks go forward from 02:00 to 03:00: the offset from before holds.
    [InlineData("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z")]
    [InlineData("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z")]
    [InlineData("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z")]
    // Clocks go back from 03:00 to 02:00: the first of the two.
    [InlineData("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z")]
    [InlineData("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z")]
    [InlineData("Asia/Kathmandu", "2026-01-31T12:00:00", "2026-01-31T06:15:00Z")]
    // A day that was left out.
    [InlineData("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z")]
    [InlineData("UTC", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z")]
    // An offset says more than the zone.
    [InlineData("Europe/Berlin", "2026-01-31T12:00:00+05:00", "2026-01-31T07:00:00Z")]
    [InlineData("Europe/Berlin", "1769860800", "2026-01-31T12:00:00Z")]
    public void Parse_WhenTheZoneIsNamed_FollowsItsClock(string zone, string text, string expected)
    {
        Assert.Null(TimeText.Parse(Encoding.UTF8.GetBytes(text), out long ticks, TimeZoneInfo.FindSystemTimeZoneById(zone)));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), EventTime.ToDateTimeOffset(ticks));
    }

    [Fact]
    public void Parse_WhenNoZoneIsNamed_RefusesALocalTimeAndSaysWhatWouldDo() =>
        Assert.Contains("has no offset; end it with Z, or with an offset like +02:00 (for a file, --time-zone names the zone)",
            TimeText.Parse("2026-01-31T12:00:00"u8, out _));
}
