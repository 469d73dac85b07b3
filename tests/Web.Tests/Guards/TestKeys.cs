using Foretell.Support;
using Foretell.Web.Guards;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Web.Tests.Guards;

/// <summary>A file of keys, as `foretell keys` writes it.</summary>
internal sealed class TestKeys : IDisposable
{
    private static readonly DateTimeOffset s_made = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.At(KeyFile.Name);

    public GuardOptions Options => new() { KeysFile = Path };

    /// <summary>Adds a key and returns what a client sends.</summary>
    public string Add(string scopes, string? tenant = null, double? eventsPerSecond = null, DateTimeOffset? expires = null)
    {
        var key = ApiKey.Create(new ApiKey
        {
            Id = "",
            Hash = "",
            Name = "test",
            Scopes = scopes.Split(','),
            Tenant = tenant is null ? null : Tenant.Parse(tenant).Prefix,
            EventsPerSecond = eventsPerSecond,
            Created = s_made,
            Expires = expires,
        }, out string text);
        KeyFile.Update(Path, keys => [.. keys, key]);
        return text;
    }

    public void Revoke(string text) => KeyFile.Update(Path,
        keys => [.. keys.Select(k => k.Id == IdOf(text) ? k with { Revoked = s_made } : k)]);

    public static string IdOf(string text)
    {
        Assert.True(ApiKey.TryParse(text, out string id, out _));
        return id;
    }

    /// <summary>Has a host look at its keys now, as it does every second by itself.</summary>
    public static void Refresh(ApiHost api) => api.Services.GetRequiredService<KeyRing>().Refresh();

    public void Dispose() => _folder.Dispose();
}
