using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell keys, and a host and clients that use them.</summary>
public sealed class KeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keys_WhenAdded_PrintTheKeyAloneAndKeepItsHash()
    {
        ProcessResult added = await RunAsync("add", "--name", "shop", "--scopes", "write,read", "--tenant", "shop", "--expires", "90d");

        Assert.Equal(0, added.ExitCode);
        Assert.Matches("^fk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n$", added.Output);
        Assert.Contains("cannot be shown again", added.Error, StringComparison.Ordinal);
        string key = added.Output.Trim(), id = key[3..15];
        JsonElement listed = Assert.Single(await ListAsync());
        Assert.Equal((id, "shop", "shop/", true), (listed.GetProperty("id").GetString(), listed.GetProperty("name").GetString(),
            listed.GetProperty("tenant").GetString(), listed.GetProperty("valid").GetBoolean()));
        ProcessResult table = await RunAsync("list");
        Assert.Contains("holds until", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key[16..], table.Output, StringComparison.Ordinal);
        Assert.All(Directory.EnumerateFiles(_folder.At("foretell-data")),
            file => Assert.DoesNotContain(key[16..], File.ReadAllText(file), StringComparison.Ordinal));
        Assert.Matches($"user .+: key {id} was made: write read, shop/", File.ReadAllText(_folder.At("foretell-data/audit.log")));
    }

    [Fact]
    public async Task Keys_WhenRevoked_EndAndSayWhen()
    {
        string id = (await RunAsync("add", "--name", "a", "--scopes", "read")).Output[3..15];

        Assert.Equal($"key {id} is revoked\n", (await RunAsync("revoke", id)).Output);

        Assert.False(Assert.Single(await ListAsync()).GetProperty("valid").GetBoolean());
        Assert.Contains($"key {id} was revoked", File.ReadAllText(_folder.At("foretell-data/audit.log")), StringComparison.Ordinal);
        ProcessResult unknown = await RunAsync("revoke", "000000000000");
        Assert.Equal((1, true), (unknown.ExitCode, unknown.Sentence.Contains("has no key '000000000000'", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("--scopes must be some of write, read, operate", "--scopes", "read,admin")]
    [InlineData("--scopes has operate, which is of everybody's streams, and --tenant names one tenant", "--scopes", "operate", "--tenant", "a")]
    [InlineData("--tenant: A tenant is how its streams' keys begin", "--scopes", "read", "--tenant", " a")]
    [InlineData("--expires must lie ahead", "--scopes", "read", "--expires", "2020-01-01T00:00:00Z")]
    [InlineData("--expires must be a duration", "--scopes", "read", "--expires", "soon")]
    public async Task Keys_WhenAskedForWrongly_SayWhatIsAllowed(string sentence, params string[] arguments)
    {
        ProcessResult result = await RunAsync(["add", "--name", "a", .. arguments]);

        Assert.StartsWith(sentence, result.Sentence, StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.False(File.Exists(_folder.At("foretell-data/keys.json")));
    }

    [Fact]
    public async Task Host_WhenThereAreKeys_ServesClientsThatSendOneAndTellsOthersHowTo()
    {
        string write = await AddAsync("write,read"), read = await AddAsync("read");
        string file = _folder.Write("write.key", write + "\n");
        string events = Workload.Events(_folder, streams: 5, events: 200);
        (ForetellProcess started, Uri url) = await ForetellProcess.StartHostAsync(_folder);
        await using ForetellProcess host = started;

        ProcessResult without = await ForetellProcess.RunAsync(_folder.Path, "query", "x", "--url", url.ToString());
        Assert.Equal((1, true), (without.ExitCode, without.Sentence.Contains("FORETELL_API_KEY", StringComparison.Ordinal)));
        ProcessResult forbidden = await ForetellProcess.RunWithAsync(_folder.Path, (ApiCredential.Variable, read),
            "replay", "--file", events, "--url", url.ToString(), "--speed", "max");
        Assert.Equal(1, forbidden.ExitCode);
        Assert.Contains("needs a key with the scope 'write'", forbidden.Sentence, StringComparison.Ordinal);
        Assert.Contains("--api-key-file", forbidden.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(read[16..], forbidden.Output + forbidden.Error, StringComparison.Ordinal);
        ProcessResult sent = await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", events, "--url", url.ToString(),
            "--speed", "max", "--api-key-file", file);
        Assert.Equal(0, sent.ExitCode);

        // A revoked key stops within seconds, and nobody starts the host anew.
        await RunAsync("revoke", write[3..15]);
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", write) } };
        await Until.TrueAsync(async () => (await http.GetAsync(new Uri(url, "/v1/overdue"))).StatusCode == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(30));
        await host.InterruptAsync();
        string audit = File.ReadAllText(_folder.At("foretell-data/audit.log"));
        Assert.Contains($"host: key {write[3..15]} is revoked", audit, StringComparison.Ordinal);
        Assert.Matches($@"key:{read[3..15]} from 127\.0\.0\.1: POST /v1/events: 403", audit);
        Assert.All(new[] { write, read }, key => Assert.DoesNotContain(key[16..], audit, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("anyone could read and write everything there", "--urls", "http://0.0.0.0:0")]
    [InlineData("anyone could read and write everything there", "--urls", "http://0.0.0.0:0", "--behind-tls-proxy")]
    [InlineData("and there is no certificate", "--urls", "https://127.0.0.1:0")]
    [InlineData("--keys is 'none.json', and there is no such file", "--keys", "none.json")]
    [InlineData("--tls-key and --tls-password-file go with --tls-cert", "--tls-key", "k.pem")]
    [InlineData("--jwt-audience is needed", "--jwt-authority", "https://id.example.com")]
    [InlineData("--jwt-audience, --jwt-issuer and --jwt-tenant-claim go with", "--jwt-tenant-claim", "org")]
    public async Task Host_WhenItWouldBeOpen_RefusesAsBadUsageAndBeginsNothing(string sentence, params string[] arguments)
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["run", "--no-demo", .. arguments]);

        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains(sentence, result.Sentence, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("foretell-data")));
    }

    [Fact]
    public async Task Host_WhenKeysWouldTravelInTheClear_RefusesUnlessToldOtherwise()
    {
        await AddAsync("read");

        ProcessResult refused = await ForetellProcess.RunAsync(_folder.Path, "run", "--no-demo", "--urls", "http://0.0.0.0:0");

        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("in the clear", refused.Sentence, StringComparison.Ordinal);
        foreach (string told in new[] { "--insecure", "--behind-tls-proxy" })
        {
            await using ForetellProcess host = ForetellProcess.Start(_folder.Path, "run", "--no-demo", "--urls", "http://0.0.0.0:0", told);
            Assert.StartsWith("http://0.0.0.0:", await host.ListeningAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Cluster_WhenItWouldBeOpen_RefusesAsBadUsage()
    {
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, "cluster", "--urls", "http://0.0.0.0:0");

        Assert.Equal((ExitCode.Usage, true), (result.ExitCode, result.Sentence.Contains("nobody needs a key for a throw-away cluster", StringComparison.Ordinal)));
    }

    private async Task<string> AddAsync(string scopes) => (await RunAsync("add", "--name", "test", "--scopes", scopes)).Output.Trim();

    private async Task<JsonElement[]> ListAsync() =>
        [.. JsonDocument.Parse((await RunAsync("list", "--json")).Output).RootElement.EnumerateArray()];

    private Task<ProcessResult> RunAsync(params string[] arguments) => ForetellProcess.RunAsync(_folder.Path, ["keys", .. arguments]);
}
