using System.Globalization;
using System.Numerics;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using FsCheck;
using FsCheck.Fluent;

namespace Foretell.Ingest.Tests.Decoding;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("0.00000005", 1)]
    [InlineData("0.000000049999999999", 0)]
    [InlineData("-0.00000005", -1)]
    [InlineData("1082040961", 10820409610000000)]
    [InlineData("1700000000.1234567", 17000000001234567)]
    [InlineData("1700000000.12345678", 17000000001234568)]
    [InlineData("17000000001234567e-7", 17000000001234567)]
    [InlineData("1.7E+9", 17000000000000000)]
    [InlineData("0.0000000001e10", 10000000)]
    [InlineData("0e999999999999999999999", 0)]
    [InlineData("1e-999999999999999999999", 0)]
    [InlineData("253402300799.9999999", 2534023007999999999)]
    [InlineData("-62135596800", -621355968000000000)]
    public void ParseUnixSeconds_WhenNumberIsGood_IsExactToTheTick(string text, long ticks)
    {
        Assert.Null(TimeText.ParseUnixSeconds(Encoding.UTF8.GetBytes(text), out long parsed));
        Assert.Equal(ticks, parsed);
    }

    [Theory]
    [InlineData("1.5e-5", 150)]
    [InlineData("12e-1", 12_000_000)]
    [InlineData("1970-01-01T00:00:01Z", 10_000_000)]
    public void Parse_WhenANumberHasAMinusWhereADateHasOne_ReadsEither(string text, long expected)
    {
        Assert.Null(TimeText.Parse(Encoding.UTF8.GetBytes(text), out long ticks));
        Assert.Equal(expected, ticks);
    }

    [Theory]
    [InlineData(0, "253402300799.9999999", "253402300800")]
    [InlineData(3, "253402300799999.9999", "253402300800000")]
    [InlineData(6, "253402300799999999.9", "253402300800000000")]
    [InlineData(9, "253402300799999999900", "253402300800000000000")]
    public void ParseUnix_WhenATimeIsTheLastInItsUnit_RefusesTheNext(int digits, string last, string next)
    {
        var unit = (TimeUnit)digits;
        Assert.Null(TimeText.ParseUnix(Encoding.UTF8.GetBytes(last), unit, out long ticks));
        Assert.Equal(EventTime.Max, ticks);
        Assert.Contains("years 1 to 9999", TimeText.ParseUnix(Encoding.UTF8.GetBytes(next), unit, out _));
    }

    [Theory]
    [InlineData("253402300800")]
    [InlineData("253402300799.99999995")]
    [InlineData("-62135596800.0000001")]
    [InlineData("1e12")]
    [InlineData("1e999999999999999999999")]
    [InlineData("9999999999999999999999999999")]
    public void ParseUnixSeconds_WhenOutOfRange_SaysSo(string text) =>
        Assert.Contains("years 1 to 9999", TimeText.ParseUnixSeconds(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("NaN")]
    [InlineData(".5")]
    [InlineData("1.")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1 2")]
    [InlineData("0x10")]
    public void ParseUnixSeconds_WhenNoNumber_SaysSo(string text) =>
        Assert.Contains("Unix seconds, got", TimeText.ParseUnixSeconds(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void ParseUnixSeconds_WhenNumberIsAny_AgreesWithBigIntegers()
    {
        // Exact rational arithmetic is the reference; seed 20260131.
        Property agrees = Prop.ForAll(
            Gen.Choose(-99, 99).Zip(Gen.Choose(0, int.MaxValue)).Zip(Gen.Choose(-14, 6)).ToArbitrary(),
            sample =>
            {
                ((int high, int low), int exponent) = sample;
                BigInteger digits = BigInteger.Abs(high) * 10_000_000_000 + low;
                string text = string.Create(CultureInfo.InvariantCulture, $"{(high < 0 ? "-" : "")}{digits}e{exponent}");
                BigInteger tenfold = exponent + 7 >= 0
                    ? digits * BigInteger.Pow(10, exponent + 8)
                    : digits * 10 / BigInteger.Pow(10, -exponent - 7);
                var ticks = (tenfold + 5) / 10 * (high < 0 ? -1 : 1);
                string? reason = TimeText.ParseUnixSeconds(Encoding.UTF8.GetBytes(text), out long parsed);
                return reason is null ? parsed == ticks : ticks < EventTime.Min || ticks > EventTime.Max;
            });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20260131, 1), agrees);
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01t00:00:00z", 0)]
    [InlineData("1970-01-01 01:00:00+01:00", 0)]
    [InlineData("1969-12-31T23:30:00.5-00:30", 5000000)]
    [InlineData("1970-01-01T00:00:00.123456789123Z", 1234568)]
    [InlineData("1970-01-01T00:00:00.99999995-00:00", 10000000)]
    [InlineData("2016-12-31T23:59:60Z", 14832288000000000)]
    [InlineData("2024-02-29T00:00:00Z", 17091648000000000)]
    [InlineData("0001-01-01T00:00:00Z", -621355968000000000)]
    [InlineData("9999-12-31T23:59:59.9999999Z", 2534023007999999999)]
    public void ParseRfc3339_WhenTimeIsGood_IsExactToTheTick(string text, long ticks)
    {
        Assert.Null(TimeText.ParseRfc3339(Encoding.UTF8.GetBytes(text), out long parsed));
        Assert.Equal(ticks, parsed);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00", "has no offset")]
    [InlineData("2026-01-31T12:00:00.5", "has no offset")]
    [InlineData("2026-01-31T12:00:00 CET", "must end with Z")]
    [InlineData("2026-01-31T12:00:00+0100", "must end with Z")]
    [InlineData("2026-01-31T12:00:00+24:00", "must end with Z")]
    [InlineData("2026-01-31T12:00:00.Z", "RFC 3339")]
    [InlineData("2026-01-31", "RFC 3339")]
    [InlineData("2026-02-29T00:00:00Z", "RFC 3339")]
    [InlineData("2026-13-01T00:00:00Z", "RFC 3339")]
    [InlineData("0000-01-01T00:00:00Z", "RFC 3339")]
    [InlineData("2026-01-31T24:00:00Z", "RFC 3339")]
    [InlineData("2026-01-31T12:60:00Z", "RFC 3339")]
    [InlineData("31.01.2026 12:00", "RFC 3339")]
    [InlineData("0001-01-01T00:00:00+01:00", "years 1 to 9999")]
    [InlineData("9999-12-31T23:59:59-01:00", "years 1 to 9999")]
    public void ParseRfc3339_WhenTimeIsBad_SaysWhy(string text, string expected) =>
        Assert.Contains(expected, TimeText.ParseRfc3339(Encoding.UTF8.GetBytes(text), out _));
}
