using System.Globalization;
using Foretell.Web.Guards;

namespace Foretell.Silo.Settings;

/// <summary>Who may use a gateway's API, and how its connections are kept private.</summary>
internal sealed record GatewaySettings
{
    private static readonly string[] s_jwt = ["JwtAudience", "JwtIssuer", "JwtTenantClaim"];

    /// <summary>Keys, tokens and limits.</summary>
    public required GuardOptions Guards { get; init; }

    /// <summary>Path of the certificate of https addresses; null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>Path of its key; null where it is in the same file.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Password of the key, or null.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Whether TLS ends in front of the gateway.</summary>
    public bool IsBehindTlsProxy { get; init; }

    /// <summary>Whether the silo may be reached by others although anyone may do anything there.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">They do not go together.</exception>
    public static GatewaySettings Read(SettingsSection section)
    {
        string? certificate = section.OptionalText("HttpsCertificate"), key = section.OptionalText("HttpsKey"),
            password = section.FileText("HttpsPasswordFile");
        if (certificate is null && (key is not null || password is not null))
        {
            throw new SettingsException("Foretell:HttpsKey and Foretell:HttpsPasswordFile go with Foretell:HttpsCertificate. Give that, too.");
        }
        return new GatewaySettings
        {
            Certificate = certificate,
            CertificateKey = key,
            CertificatePassword = password,
            IsBehindTlsProxy = section.Flag("BehindTlsProxy"),
            IsInsecure = section.Flag("Insecure"),
            Guards = new GuardOptions
            {
                KeysFile = section.OptionalText("Keys"),
                Jwt = ReadJwt(section),
                EventsPerSecond = ReadRate(section, "EventsPerSecond"),
                RequestsPerSecond = ReadRate(section, "RequestsPerSecond"),
            },
        };
    }

    /// <summary>Refuses a silo that others could reach without keys or in the clear, unless it is said to be insecure.</summary>
    /// <exception cref="SettingsException">It could be.</exception>
    public void Check(SiloSettings settings, bool isGateway)
    {
        if (!IsInsecure && settings.Certificate is null && !System.Net.IPAddress.IsLoopback(settings.Address))
        {
            throw new SettingsException($"Foretell:Address is '{settings.Address}', and without Foretell:Certificate whoever reaches port {settings.Port} there could join the cluster, "
                + "and read and write everything. Give each silo a certificate (docs/cluster.md), or set Foretell:Insecure to true where nobody else can reach it.");
        }
        var guard = new ListenGuard
        {
            Urls = settings.Urls,
            HasCertificate = Certificate is not null,
            NeedsKeys = Guards.KeysFile is not null || Guards.Jwt is not null,
            IsBehindTlsProxy = IsBehindTlsProxy,
            // Any other silo serves its health there, which tells nothing.
            IsInsecure = IsInsecure || !isGateway,
            Names = ("Foretell:Urls", "Foretell:HttpsCertificate", "Foretell:Keys", "Foretell:BehindTlsProxy=true", "Foretell:Insecure=true"),
        };
        if (guard.Refuse() is { } refusal)
        {
            throw new SettingsException(refusal);
        }
    }

    /// <summary>The certificate of https addresses; null for none.</summary>
    /// <exception cref="SettingsException">It cannot be used.</exception>
    public ServerCertificate? LoadCertificate(TimeProvider time)
    {
        try
        {
            return Certificate is null ? null : ServerCertificate.Load(Certificate, CertificateKey, CertificatePassword, time);
        }
        catch (IOException e)
        {
            throw new SettingsException($"Foretell:HttpsCertificate: {e.Message}", e);
        }
    }

    private static JwtSettings? ReadJwt(SettingsSection section)
    {
        string? authority = section.OptionalText("JwtAuthority"), keys = section.OptionalText("JwtKeys");
        string?[] others = [.. s_jwt.Select(section.OptionalText)];
        if (authority is null && keys is null)
        {
            return others.All(o => o is null) ? null
                : throw new SettingsException("Foretell:JwtAudience, JwtIssuer and JwtTenantClaim go with Foretell:JwtAuthority or Foretell:JwtKeys. Give one of them, too.");
        }
        var jwt = new JwtSettings
        {
            Authority = authority,
            KeysFile = keys,
            Audience = others[0] ?? throw new SettingsException("Foretell:JwtAudience is missing. Without it the tokens of every other service would be taken, too."),
            Issuer = others[1],
            TenantClaim = others[2],
        };
        return jwt.Refuse() is { } refusal ? throw new SettingsException($"Foretell:JwtAuthority, JwtKeys, JwtIssuer: {refusal}") : jwt;
    }

    private static double? ReadRate(SettingsSection section, string name) => section.OptionalText(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && rate is >= 0.01 and <= 1e9 ? rate
        : throw new SettingsException($"Foretell:{name} is '{text}'. Give a number a second from 0.01 to 1000000000.");
}
