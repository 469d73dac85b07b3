using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Foretell.Web.Guards;

/// <summary>The API keys that hold now. The file is looked at every second, so that a new key works and a revoked one stops without a
/// restart; feeds that a client reads end with its key.</summary>
internal sealed partial class KeyRing : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly GuardOptions _options;
    private readonly WatchedFile? _file;
    private readonly TimeProvider _clock;
    private readonly AuditLog _audit;
    private readonly ILogger<KeyRing> _log;
    private readonly ConcurrentDictionary<HttpContext, byte> _feeds = new();
    private volatile Dictionary<string, ApiKey> _keys = [];
    private volatile bool _wasThere;
    private string? _trouble;

    /// <exception cref="InvalidDataException">The file is there and cannot be used.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public KeyRing(GuardOptions options, TimeProvider clock, AuditLog audit, ILogger<KeyRing> log)
    {
        (_options, _clock, _audit, _log) = (options, clock, audit, log);
        if (options.KeysFile is { } path)
        {
            _file = new WatchedFile(path);
            Read();
        }
    }

    /// <summary>Whether a client must prove who it is. Never goes back to false: a file of keys that is gone lets nobody in.</summary>
    public bool IsRequired => _wasThere || _options.Jwt is not null;

    /// <summary>The key of this id that holds now; null where there is none.</summary>
    public ApiKey? Find(string id) => _keys.GetValueOrDefault(id);

    /// <summary>Remembers a request that may last for ever, for as long as <paramref name="next"/> runs.</summary>
    public async Task FollowAsync(HttpContext http, RequestDelegate next)
    {
        _feeds[http] = 0;
        try
        {
            await next(http);
        }
        finally
        {
            _feeds.TryRemove(http, out _);
        }
    }

    /// <summary>Looks at the file, and ends the feeds of clients whose key or token does not hold any more.</summary>
    public void Refresh()
    {
        try
        {
            if (_file is not null)
            {
                Read();
            }
            _trouble = null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // What held before goes on to hold: a file that is half written must not lock everybody out.
            if (_trouble != e.Message)
            {
                _trouble = e.Message;
                LogTrouble(e.Message);
            }
        }
        foreach (HttpContext http in _feeds.Keys)
        {
            if (!Holds(http.User))
            {
                http.Abort();
            }
        }
        _audit.Flush();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(s_interval, _clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Refresh();
        }
    }

    private bool Holds(ClaimsPrincipal user)
    {
        if (!IsRequired)
        {
            return true;
        }
        if (user.FindFirstValue(KeyAuthentication.IdClaim) is { } id)
        {
            return Find(id) is { } key && key.IsValid(_clock.GetUtcNow()) && key.Tenant == user.FindFirstValue(ClientIdentity.TenantClaim)
                && key.Scopes.Contains(Scope.Read);
        }
        return long.TryParse(user.FindFirstValue(JwtAuthentication.ExpiresClaim), CultureInfo.InvariantCulture, out long expires)
            && _clock.GetUtcNow().ToUnixTimeSeconds() < expires;
    }

    private void Read()
    {
        if (!_file!.Look(out byte[]? json))
        {
            return;
        }
        Dictionary<string, ApiKey> before = _keys;
        Dictionary<string, ApiKey> now = json is null ? [] : KeyFile.Parse(json, _options.KeysFile!).ToDictionary(k => k.Id);
        bool isFirst = !_wasThere && before.Count == 0;
        (_keys, _wasThere) = (now, _wasThere || json is not null);
        if (isFirst && now.Count > 0)
        {
            _audit.AddKeyChange("host", $"{now.Count} API keys were read: every request needs one");
            return;
        }
        foreach (ApiKey key in now.Values.Where(k => before.GetValueOrDefault(k.Id) is not { } old || old.Revoked != k.Revoked))
        {
            _audit.AddKeyChange("host", $"key {key.Id} {(key.Revoked is null ? "was added" : "is revoked")}");
        }
        foreach (string id in before.Keys.Except(now.Keys))
        {
            _audit.AddKeyChange("host", $"key {id} is gone");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason} The keys that were read before go on to hold.")]
    private partial void LogTrouble(string reason);
}
