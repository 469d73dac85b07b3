using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Web.Guards;

namespace Foretell.Cli.Options;

/// <summary>Options on who may use a host's API, and how its connections are kept private.</summary>
internal sealed class GuardSettings
{
    /// <summary>Name of the option that listens without guards.</summary>
    public const string InsecureName = "--insecure";

    private const string CertificateName = "--tls-cert", KeyName = "--tls-key", PasswordName = "--tls-password-file", KeysName = "--keys",
        ProxyName = "--behind-tls-proxy", AuthorityName = "--jwt-authority", AudienceName = "--jwt-audience", IssuerName = "--jwt-issuer",
        JwtKeysName = "--jwt-keys", TenantName = "--jwt-tenant-claim";

    private readonly Option<string> _certificate = Settings.Text(CertificateName, "file",
        "Certificate for https addresses: PEM, with those of its authority behind it, or PKCS#12; read again when it is renewed.");
    private readonly Option<string> _key = Settings.Text(KeyName, "file", "The certificate's key, PEM; not with PKCS#12.");
    private readonly Option<string> _password = Settings.Text(PasswordName, "file", "File with the password of the key.");
    private readonly Option<string> _keys = Settings.Text(KeysName, "file",
        "API keys, as 'foretell keys' writes them; by default keys.json in the data folder. Once there are keys, every request needs one.");
    private readonly Option<string> _authority = Settings.Text(AuthorityName, "url", "OpenID Connect provider whose tokens are taken as well.");
    private readonly Option<string> _jwtKeys = Settings.Text(JwtKeysName, "file",
        "Public keys of a provider whose tokens are taken as well (a JSON Web Key Set), in place of its address.");
    private readonly Option<string> _audience = Settings.Text(AudienceName, "name", "For whom a token must be made out.");
    private readonly Option<string> _issuer = Settings.Text(IssuerName, "name", "Who must have issued a token; by default whom the provider names.");
    private readonly Option<string> _tenant = Settings.Text(TenantName, "claim",
        "Claim of a token that names its tenant, or * for all streams; by default tokens are for all streams.");
    private readonly Option<double?> _events = Settings.OptionalNumber("--events-per-second",
        "Most events a second of one tenant, or of a client without one; a key may have a quota of its own.", 0.01, 1e9);
    private readonly Option<double?> _requests = Settings.OptionalNumber("--requests-per-second", "Most requests a second of one client.", 0.1, 1e6);
    private readonly Option<bool> _proxy = Settings.Flag(ProxyName,
        "TLS ends in front of this host: http addresses may be reached by others than this machine, with keys.");

    /// <summary>Whether a host listens anywhere, with or without keys and TLS.</summary>
    public Option<bool> Insecure { get; } = InsecureOption();

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All =>
        [_certificate, _key, _password, _keys, _authority, _jwtKeys, _audience, _issuer, _tenant, _events, _requests, _proxy, Insecure];

    /// <summary>The flag that listens without guards.</summary>
    public static Option<bool> InsecureOption() => Settings.Flag(InsecureName,
        "Listen where others than this machine can reach it, also without keys or TLS: anyone may then read and write everything.");

    /// <summary>Reads and checks the options.</summary>
    /// <exception cref="UsageException">They do not go together, or the host would be open.</exception>
    /// <exception cref="IOException">The certificate cannot be used.</exception>
    /// <exception cref="InvalidDataException">The file of keys cannot be used.</exception>
    public ListenSettings Read(ParseResult parsed, string urls, string dataDirectory)
    {
        string keys = parsed.GetValue(_keys) ?? Path.Combine(dataDirectory, KeyFile.Name);
        if (parsed.GetValue(_keys) is { } named && !File.Exists(named))
        {
            throw new UsageException($"{KeysName} is '{named}', and there is no such file. Make it with 'foretell keys add --file {named}'.");
        }
        JwtSettings? jwt = ReadJwt(parsed);
        ServerCertificate? certificate = ReadCertificate(parsed);
        var guard = new ListenGuard
        {
            Urls = urls,
            HasCertificate = certificate is not null,
            NeedsKeys = jwt is not null || (File.Exists(keys) && KeyFile.Parse(File.ReadAllBytes(keys), keys).Count > 0),
            IsBehindTlsProxy = parsed.GetValue(_proxy),
            IsInsecure = parsed.GetValue(Insecure),
            Names = ("--urls", CertificateName, KeysName, ProxyName, InsecureName),
        };
        return guard.Refuse() is { } refusal ? throw new UsageException(refusal) : new ListenSettings
        {
            Urls = urls,
            Certificate = certificate,
            AuditFile = Path.Combine(dataDirectory, ListenSettings.AuditName),
            Guards = new GuardOptions
            {
                KeysFile = keys,
                Jwt = jwt,
                EventsPerSecond = parsed.GetValue(_events),
                RequestsPerSecond = parsed.GetValue(_requests),
            },
        };
    }

    private ServerCertificate? ReadCertificate(ParseResult parsed)
    {
        string? path = parsed.GetValue(_certificate), key = parsed.GetValue(_key), password = parsed.GetValue(_password);
        string? secret = password is null ? null : SecretFile.Read(PasswordName, password);
        return path is not null ? ServerCertificate.Load(path, key, secret, TimeProvider.System)
            : key is not null || password is not null ? throw new UsageException($"{KeyName} and {PasswordName} go with {CertificateName}: give that, too.")
            : null;
    }

    private JwtSettings? ReadJwt(ParseResult parsed)
    {
        string? authority = parsed.GetValue(_authority), keys = parsed.GetValue(_jwtKeys), audience = parsed.GetValue(_audience);
        if (authority is null && keys is null)
        {
            return audience is not null || parsed.GetValue(_issuer) is not null || parsed.GetValue(_tenant) is not null
                ? throw new UsageException($"{AudienceName}, {IssuerName} and {TenantName} go with {AuthorityName} or {JwtKeysName}: give one of them, too.")
                : null;
        }
        var jwt = new JwtSettings
        {
            Authority = authority,
            KeysFile = keys,
            Audience = audience ?? throw new UsageException($"{AudienceName} is needed with {AuthorityName} or {JwtKeysName}: without it the tokens of every other service would be taken, too."),
            Issuer = parsed.GetValue(_issuer),
            TenantClaim = parsed.GetValue(_tenant),
        };
        return jwt.Refuse() is { } refusal ? throw new UsageException($"{AuthorityName}, {JwtKeysName}, {IssuerName}: {refusal}") : jwt;
    }
}

/// <summary>Where a host listens, and whom it lets in.</summary>
internal sealed record ListenSettings
{
    /// <summary>Name of the audit log in a data folder.</summary>
    public const string AuditName = "audit.log";

    /// <summary>Addresses to listen on, separated by ";".</summary>
    public required string Urls { get; init; }

    /// <summary>Certificate of the https ones; null for none.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>Who may use the API.</summary>
    public required GuardOptions Guards { get; init; }

    /// <summary>Where the audit log is kept.</summary>
    public required string AuditFile { get; init; }
}
