using System.Globalization;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Support;
using Foretell.Web.Forecasts;
using Foretell.Web.Http;

namespace Foretell.Web.Tests.Admission;

/// <summary>The table of bounds in docs/architecture.md says what the code does.</summary>
public sealed class BoundsTableTests
{
    private static readonly ForetellWebOptions s_options = new();

    public static TheoryData<string, string> Rows => new()
    {
        { "connections of the API", Text($"{s_options.MaxConnections:N0}") },
        { "request bodies in work", Text($"{s_options.MaxBodyBytesInFlight >> 20} MiB, {s_options.MaxBodyBytesPerClient >> 20} MiB of one client") },
        { "a body on its way", Text($"{s_options.BodyTimeout.TotalSeconds} s, {s_options.BodyStallTimeout.TotalSeconds} s without a byte") },
        { "appends that wait", Text($"{AppendQueue.DefaultBytes >> 20} MiB, {AppendQueue.DefaultRequests:N0} requests") },
        { "forecasts that wait", Text($"{ForecastWork.Waiting} requests, {ForecastWork.ClientWaiting} long ones of one client") },
        { "answers of long forecasts", Text($"{s_options.MaxLongAnswers} answers") },
        { "dead letters that no commit holds", Text($"{Shard.MostUncommittedDeadLetters:N0} letters") },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Bounds_WhenTheyAreDocumented_AreThoseOfTheCode(string what, string bound)
    {
        string row = File.ReadLines(Repository.At("docs/architecture.md")).Single(l => l.StartsWith($"| {what}", StringComparison.Ordinal));
        Assert.Equal(bound, row.Split('|')[2].Trim());
    }

    [Fact]
    public void Deadlines_WhenTheyAreDocumented_AreThoseOfTheCode() => Assert.Contains(
        Text($"an append for {s_options.AppendTimeout.TotalSeconds} s, any other request for {s_options.RequestTimeout.TotalSeconds} s"),
        File.ReadAllText(Repository.At("docs/architecture.md")));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
