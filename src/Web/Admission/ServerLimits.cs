using Foretell.Web.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Admission;

/// <summary>What one connection may hold and for how long, whoever is at its other end.</summary>
internal static class ServerLimits
{
    /// <summary>Read ahead of a request, at most, bytes: a connection that sends faster than it is read waits.</summary>
    public const int RequestBufferBytes = 128 * 1024;

    /// <summary>Written ahead of a reader, at most, bytes.</summary>
    public const int ResponseBufferBytes = 64 * 1024;

    /// <summary>Bytes a second that a body must arrive with, on average, once <see cref="Grace"/> has passed.</summary>
    public const int LeastBodyRate = 4 * 1024;

    /// <summary>Time until a body's rate counts, and until all headers must be there.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may be kept without a request.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(2);

    public static void Add(IServiceCollection services) => services.AddOptions<KestrelServerOptions>()
        .Configure((KestrelServerOptions server, IOptions<ForetellWebOptions> options) => Set(server.Limits, options.Value));

    private static void Set(KestrelServerLimits limits, ForetellWebOptions options)
    {
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.MaxRequestBufferSize = RequestBufferBytes;
        limits.MaxResponseBufferSize = ResponseBufferBytes;
        limits.RequestHeadersTimeout = Grace;
        limits.KeepAliveTimeout = KeepAlive;
        limits.MinRequestBodyDataRate = new MinDataRate(LeastBodyRate, Grace);
        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.InitialConnectionWindowSize = 2 * RequestBufferBytes;
        limits.Http2.InitialStreamWindowSize = RequestBufferBytes;
    }
}
