using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace Foretell.Silo.Membership;

/// <summary>TLS between silos: both sides show a certificate, and the log says who was refused and why.</summary>
internal sealed partial class SiloTls
{
    private readonly TlsOptions _options;
    private readonly ILogger<SiloTls> _log;

    // A certificate is judged in the middle of the handshake, where nothing tells whose connection it is.
    private readonly AsyncLocal<Handshake?> _handshake = new();

    public SiloTls(SiloCertificate certificate, ILogger<SiloTls> log)
    {
        _log = log;
        _options = new TlsOptions
        {
            LocalCertificate = certificate.Own,
            RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
            ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
            RemoteCertificateValidation = (other, _, _) => Judge(certificate.Refuse(other)),
            OnAuthenticateAsClient = (_, client) => client.TargetHost = certificate.Name,
        };
    }

    /// <summary>Puts TLS around every connection between silos.</summary>
    public static void Use(ISiloBuilder silo, SiloCertificate certificate)
    {
        silo.Services.AddSingleton(certificate).AddSingleton<SiloTls>();
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<SiloTls>((options, tls) =>
        {
            options.ConfigureSiloInboundConnection(connection => connection.Use(tls.Watch).UseServerTls(tls._options));
            options.ConfigureSiloOutboundConnection(connection => connection.Use(tls.Watch).UseClientTls(tls._options));
        });
    }

    private bool Judge(string? refusal)
    {
        if (_handshake.Value is { } handshake)
        {
            handshake.Refusal = refusal;
        }
        return refusal is null;
    }

    /// <summary>Lies around the handshake, which ends a connection without a word when it fails.</summary>
    private ConnectionDelegate Watch(ConnectionDelegate next) => async connection =>
    {
        Handshake handshake = _handshake.Value = new Handshake();
        try
        {
            await next(connection);
        }
        finally
        {
            if (connection.Features.Get<ITlsConnectionFeature>()?.RemoteCertificate is null)
            {
                LogRefused(connection.RemoteEndPoint, handshake.Refusal is { } refusal ? $"its certificate is refused, since {refusal}"
                    : "it shows no certificate, does not speak TLS, or refuses this silo's certificate");
            }
        }
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection with the silo at {Remote}: {Reason}.")]
    private partial void LogRefused(EndPoint? remote, string reason);

    private sealed class Handshake
    {
        public string? Refusal { get; set; }
    }
}
