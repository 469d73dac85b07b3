using System.Net;
using System.Net.Http.Headers;
using Foretell.Support;
using Foretell.Web.Guards;

namespace Foretell.Web.Tests.Guards;

public sealed class KeyTests : IDisposable
{
    private readonly TestKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void Key_WhenMade_HasItsSecretInItsTextOnly()
    {
        string text = _keys.Add("read", "acme");

        string file = File.ReadAllText(_keys.Path);
        Assert.Matches("^fk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$", text);
        Assert.DoesNotContain(text[^43..], file, StringComparison.Ordinal);
        Assert.Contains(TestKeys.IdOf(text), file, StringComparison.Ordinal);
        ApiKey key = Assert.Single(KeyFile.Parse(File.ReadAllBytes(_keys.Path), "keys"));
        Assert.True(key.Has(text[^43..]));
        Assert.False(key.Has(text[^43..^1] + (text[^1] == 'A' ? 'B' : 'A')));
        Assert.NotEqual(text, _keys.Add("read"));
    }

    [Fact]
    public void KeyFile_WhenMade_IsItsOwnersAlone()
    {
        _keys.Add("read");

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_keys.Path));
        }
    }

    [Theory]
    [InlineData("Basic fk_")]
    [InlineData("Bearer")]
    [InlineData("Bearer x")]
    [InlineData("Bearer fk_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Key_WhenItIsNone_Answers401(string header)
    {
        _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        Assert.Contains("does not hold", (await SendAsync(api, header)).AssertProblem(401, "unauthenticated"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_WhenItsSecretIsAnothers_Answers401()
    {
        string key = _keys.Add("read"), other = _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        (await SendAsync(api, $"Bearer {key[..^43]}{other[^43..]}")).AssertProblem(401, "unauthenticated");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(api, $"bearer {key}")).Status);
    }

    [Fact]
    public async Task Key_WhenRevokedOrAddedWhileTheHostRuns_CountsWithoutARestart()
    {
        string key = _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);
        api.Key = key;
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/overdue")).Status);
        using FeedReader feed = await api.OpenFeedAsync("/v1/alerts/events");

        _keys.Revoke(key);
        string another = _keys.Add("read");

        // The host looks by itself: the feed that the key had opened ends.
        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.NotNull(await feed.ReadBlockAsync()));
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
        api.Key = another;
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/overdue")).Status);
    }

    [Fact]
    public async Task Key_WhenItExpires_HoldsNoLonger()
    {
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);
        api.Key = _keys.Add("read", expires: api.Clock.Now + TimeSpan.FromHours(1));
        TestKeys.Refresh(api);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/overdue")).Status);

        api.Clock.Now += TimeSpan.FromHours(1);

        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task KeyFile_WhenItComesWhileTheHostRuns_ClosesIt()
    {
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/overdue")).Status);

        _keys.Add("read");
        TestKeys.Refresh(api);

        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task KeyFile_WhenItIsGone_LetsNobodyIn()
    {
        string key = _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        File.Delete(_keys.Path);
        TestKeys.Refresh(api);

        api.Key = key;
        (await api.GetAsync("/v1/overdue")).AssertProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task KeyFile_WhenDamagedWhileTheHostRuns_KeepsTheKeysAndSaysSoOnce()
    {
        string key = _keys.Add("read");
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        File.WriteAllText(_keys.Path, "{");
        TestKeys.Refresh(api);
        TestKeys.Refresh(api);

        api.Key = key;
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/overdue")).Status);
        Assert.Contains("go on to hold", Assert.Single(api.Logs.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "it is not the JSON that is expected, from line 1 on")]
    [InlineData("""{"version":2,"keys":[]}""", "a later release wrote it (version 2, and this one knows 1)")]
    [InlineData("""{"version":1}""", "it has no keys")]
    [InlineData("""{"version":1,"keys":[{"id":"x","name":"n","hash":"00","scopes":["read"],"created":"2026-01-01T00:00:00Z"}]}""",
        "of key 'x' 'id' must be 12 hexadecimal digits")]
    public async Task KeyFile_WhenDamagedAtTheStart_RefusesIt(string text, string reason)
    {
        File.WriteAllText(_keys.Path, text);

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => ApiHost.StartAsync(guards: _keys.Options));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_WhenRequestsAreRefusedAndServed_IsInNoLogAndNoAnswer()
    {
        string good = _keys.Add("read,operate"), revoked = _keys.Add("read");
        _keys.Revoke(revoked);
        await using var api = await ApiHost.StartAsync(guards: _keys.Options);

        foreach (string key in new[] { good, revoked, good[..^1] + "!" })
        {
            api.Key = key;
            foreach (string address in new[] { "/v1/overdue", "/v1/status", "/v1/overdue?limit=x", "/nowhere" })
            {
                Assert.DoesNotContain(key[^43..^1], (await api.GetAsync(address)).Text, StringComparison.Ordinal);
            }
            Assert.DoesNotContain(api.Logs.Lines, line => line.Text.Contains(key[^43..^1], StringComparison.Ordinal));
        }
        Assert.Contains(api.Logs.Lines, line => line.Text.Contains($"key:{TestKeys.IdOf(revoked)} (which has ended)", StringComparison.Ordinal));
    }

    private static async Task<ApiResponse> SendAsync(ApiHost api, string header)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/overdue");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        return await api.SendAsync(request);
    }
}
