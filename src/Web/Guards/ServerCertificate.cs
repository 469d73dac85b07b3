using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Foretell.Web.Guards;

/// <summary>The certificate of the API's https addresses: PEM files of certificate chain and key, or one PKCS#12 file. Renewed files are
/// taken with the next connections, without a restart.</summary>
/// <remarks>The files are looked at every second at most, by whoever connects. One that cannot be used, or has no fitting partner yet
/// because two files are not replaced at once, leaves the certificate before it in place.</remarks>
public sealed partial class ServerCertificate
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly string? _keyPath, _password;
    private readonly TimeProvider _clock;
    private readonly WatchedFile[] _files;
    private readonly Lock _gate = new();
    private SslStreamCertificateContext _current;
    private long _looked;
    private string? _trouble;

    private ServerCertificate(string path, string? keyPath, string? password, TimeProvider clock)
    {
        (_path, _keyPath, _password, _clock) = (path, keyPath, password, clock);
        _files = [.. new[] { path, keyPath }.OfType<string>().Select(p => new WatchedFile(p))];
        HasChanged();
        _current = Read();
        _looked = clock.GetTimestamp();
    }

    /// <summary>Reads a certificate.</summary>
    /// <param name="path">PEM file with the certificate and those of its authority that clients may lack, or a PKCS#12 file.</param>
    /// <param name="keyPath">PEM file with the key; null for a PKCS#12 file.</param>
    /// <param name="password">Opens the key; null where it is open.</param>
    /// <param name="clock">Says whether it is in force, and when to look for a newer one.</param>
    /// <exception cref="IOException">It cannot be read or used; says why in a sentence.</exception>
    public static ServerCertificate Load(string path, string? keyPath, string? password, TimeProvider clock)
    {
        var certificate = new ServerCertificate(path, keyPath, password, clock);
        DateTime end = certificate._current.TargetCertificate.NotAfter.ToUniversalTime();
        return end > clock.GetUtcNow().UtcDateTime ? certificate
            : throw new IOException($"The certificate in {path} has ended on {end:yyyy-MM-dd}. Give one that is in force.");
    }

    /// <summary>Has a server use it for its https addresses.</summary>
    public void Use(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(server =>
        {
            ILogger<ServerCertificate> log = server.ApplicationServices.GetRequiredService<ILogger<ServerCertificate>>();
            server.ConfigureHttpsDefaults(https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                // The server wants a certificate before it listens; what counts is the whole chain, which the next line gives.
                https.ServerCertificateSelector = (_, _) => Current(log).TargetCertificate;
                https.OnAuthenticate = (_, tls) =>
                    (tls.ServerCertificateSelectionCallback, tls.ServerCertificateContext) = (null, Current(log));
            });
        });
    }

    private SslStreamCertificateContext Current(ILogger log)
    {
        lock (_gate)
        {
            if (_clock.GetElapsedTime(_looked) < s_interval)
            {
                return _current;
            }
            _looked = _clock.GetTimestamp();
            try
            {
                if (HasChanged() || _trouble is not null)
                {
                    _current = Read();
                    _trouble = null;
                    LogRenewed(log, _path, _current.TargetCertificate.NotAfter.ToUniversalTime());
                }
            }
            catch (IOException e)
            {
                if (_trouble != e.Message)
                {
                    _trouble = e.Message;
                    LogTrouble(log, e.Message);
                }
            }
            return _current;
        }
    }

    private bool HasChanged()
    {
        // Each is looked at, whatever the first one says.
        bool[] changed = [.. _files.Select(file => file.Look(out _))];
        return changed.Any(c => c);
    }

    private SslStreamCertificateContext Read()
    {
        try
        {
            X509Certificate2Collection chain = [];
            X509Certificate2 own;
            if (_keyPath is null)
            {
                chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(_path, _password);
                own = chain.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("it has no key");
            }
            else
            {
                chain.ImportFromPemFile(_path);
                using X509Certificate2 pair = _password is null ? X509Certificate2.CreateFromPemFile(_path, _keyPath)
                    : X509Certificate2.CreateFromEncryptedPemFile(_path, _password, _keyPath);
                // Windows' TLS takes no key that is only in memory.
                own = X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
            }
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"The certificate in {_path}{(_keyPath is null ? "" : $", with the key in {_keyPath},")} cannot be used: "
                + $"{e.Message.TrimEnd('.')}. Give a certificate and its key as two PEM files, or both in one PKCS#12 file.", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate in {Path} was read anew; it is in force until {End:u}.")]
    private static partial void LogRenewed(ILogger log, string path, DateTime end);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason} The certificate before it stays in use.")]
    private static partial void LogTrouble(ILogger log, string reason);
}
