using Foretell.Support;
using Foretell.Web.Guards;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.Web.Tests.Guards;

public sealed class AuditTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly LogCollector _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly AuditLog _audit;

    public AuditTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        _audit = new AuditLog(_loggers, _clock);
    }

    private string[] Lines => [.. _log.Lines.Select(l => l.Text.Trim())];

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public void Audit_WhenTheSameHappensAgain_TellsItOnceAndThenHowOften()
    {
        for (int i = 0; i < 1000; i++)
        {
            _audit.Add("nobody", "10.0.0.7", "GET /v1/status", "401", isRefusal: true);
        }
        Assert.Equal(["nobody from 10.0.0.7: GET /v1/status: 401"], Lines);

        _clock.Advance(TimeSpan.FromMinutes(1));
        _audit.Flush();

        Assert.Equal("nobody from 10.0.0.7: GET /v1/status: 401, and 999 times more within a minute", Lines[^1]);
        _audit.Add("nobody", "10.0.0.7", "GET /v1/status", "401", isRefusal: true);
        Assert.Equal(3, Lines.Length);
    }

    [Fact]
    public void Audit_WhenManyAreRefused_IsBoundedAndStillTellsWhatOperatorsDo()
    {
        for (int i = 0; i < 50_000; i++)
        {
            _audit.Add("nobody", $"10.0.{i / 256}.{i % 256}", "GET /v1/status", "401", isRefusal: true);
        }
        _audit.Add("key:1", "127.0.0.1", "GET /v1/status", "200", isRefusal: false);

        Assert.Equal(AuditLog.MostDifferent + 1, Lines.Length);
        Assert.Equal("key:1 from 127.0.0.1: GET /v1/status: 200", Lines[^1]);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _audit.Flush();
        Assert.Equal($"{50_000 - AuditLog.MostDifferent} more refusals and 0 other requests within a minute are not listed: at most 100 different ones of each kind are",
            Lines[^1]);
    }

    [Fact]
    public async Task Audit_WhenRequestsAreRefusedAndOperated_NamesClientAddressRouteAndOutcome()
    {
        using var keys = new TestKeys();
        string operate = keys.Add("operate"), read = keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: keys.Options);

        await api.GetAsync("/v1/streams/secret-customer");
        await api.GetAsync("/an/address/of/an/attacker");
        api.Key = operate;
        await api.GetAsync("/v1/status");
        api.Key = read;
        await api.GetAsync("/v1/status");
        await api.GetAsync("/v1/overdue");

        string[] audit = [.. api.Logs.Lines.Select(l => l.Text.Trim()).Where(l => l.Contains(" from 127.0.0.1: ", StringComparison.Ordinal))];
        Assert.Equal(
        [
            "nobody from 127.0.0.1: GET /v1/streams/{stream}: 401",
            "nobody from 127.0.0.1: GET an address that there is not: 401",
            $"key:{TestKeys.IdOf(operate)} from 127.0.0.1: GET /v1/status: 200",
            $"key:{TestKeys.IdOf(read)} from 127.0.0.1: GET /v1/status: 403",
        ], audit);
        Assert.Contains(api.Logs.Lines, l => l.Text.Contains("2 API keys were read", StringComparison.Ordinal));
        string late = keys.Add("read");
        keys.Revoke(read);
        TestKeys.Refresh(api);
        Assert.Contains(api.Logs.Lines, l => l.Text.Contains($"host: key {TestKeys.IdOf(late)} was added", StringComparison.Ordinal));
        Assert.Contains(api.Logs.Lines, l => l.Text.Contains($"host: key {TestKeys.IdOf(read)} is revoked", StringComparison.Ordinal));
    }
}
