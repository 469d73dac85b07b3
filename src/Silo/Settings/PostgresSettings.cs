using System.Globalization;
using Foretell.Stores.Postgres;
using Npgsql;

namespace Foretell.Silo.Settings;

/// <summary>Where PostgreSQL is: as Npgsql's connection string, as a URI of libpq's, or piece by piece with the password in a
/// file.</summary>
internal static class PostgresSettings
{
    /// <summary>Parameters of a URI that are understood, by libpq's name, and Npgsql's name for each.</summary>
    private static readonly IReadOnlyDictionary<string, string> s_parameters = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["target_session_attrs"] = "Target Session Attributes",
    };

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">The address is missing, given twice, or not understood.</exception>
    public static PostgresOptions Read(SettingsSection section)
    {
        string? host = section.OptionalText("PostgresHost"), whole = section.OptionalText("Postgres");
        int? port = section.OptionalNumber("PostgresPort", 1, ushort.MaxValue);
        string? database = section.OptionalText("PostgresDatabase"), user = section.OptionalText("PostgresUser"),
            password = section.FileText("PostgresPasswordFile");
        if (host is null && (port is not null || database is not null || user is not null || password is not null))
        {
            throw new SettingsException("Foretell:PostgresHost is missing, and other parts of PostgreSQL's address are given. Give the host, too, or all of it as Foretell:Postgres.");
        }
        if (host is not null && whole is not null)
        {
            throw new SettingsException("Foretell:Postgres and Foretell:PostgresHost are both given. Give PostgreSQL's address once.");
        }
        return new PostgresOptions
        {
            ConnectionString = host is null ? Whole(section.Text("Postgres", null)) : new NpgsqlConnectionStringBuilder
            {
                Host = host,
                Port = port ?? NpgsqlConnection.DefaultPort,
                Database = database,
                Username = user,
                Password = password,
            }.ConnectionString,
            Schema = section.Text("Schema", "foretell"),
        };
    }

    private static string Whole(string text) =>
        text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase) ? OfUri(text["postgresql://".Length..])
        : text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) ? OfUri(text["postgres://".Length..])
        : text;

    /// <summary>user:password@host:port,host:port/database?name=value, percent-encoded. Source: PostgreSQL's documentation, libpq,
    /// "Connection URIs".</summary>
    private static string OfUri(string rest)
    {
        string query = Cut(ref rest, '?') ?? "", database = Cut(ref rest, '/') ?? "";
        int at = rest.LastIndexOf('@');
        string hosts = rest[(at + 1)..], user = at < 0 ? "" : rest[..at], password = Cut(ref user, ':') ?? "";
        var built = new NpgsqlConnectionStringBuilder { Host = hosts.Length == 0 ? "localhost" : Decode(hosts) };
        if (!hosts.Contains(',', StringComparison.Ordinal) && !hosts.StartsWith('[') && hosts.Split(':') is [var host, var port])
        {
            built.Host = Decode(host);
            built.Port = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is > 0 and <= ushort.MaxValue ? number : throw Bad($"its port is '{port}'");
        }
        built.Database = database.Length == 0 ? null : Decode(database);
        built.Username = user.Length == 0 ? null : Decode(user);
        built.Password = password.Length == 0 ? null : Decode(password);
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = pair, value = Cut(ref name, '=') ?? "";
            if (!s_parameters.TryGetValue(name, out string? key))
            {
                throw Bad($"its parameter '{name}' is not among {string.Join(", ", s_parameters.Keys)}");
            }
            try
            {
                // libpq writes verify-full, Npgsql VerifyFull; primary and read-write are the same to both.
                built[key] = name == "sslmode" ? Decode(value).Replace("-", "", StringComparison.Ordinal) : Decode(value);
            }
            catch (ArgumentException e)
            {
                throw Bad($"its parameter {name} is '{value}', which is not understood ({e.Message})");
            }
        }
        return built.ConnectionString;
    }

    /// <summary>Cuts a text at the first place of a character; what lies behind it, or null.</summary>
    private static string? Cut(ref string text, char at)
    {
        int index = text.IndexOf(at, StringComparison.Ordinal);
        string? behind = index < 0 ? null : text[(index + 1)..];
        text = index < 0 ? text : text[..index];
        return behind;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text);

    // The URI holds a password: no message repeats it.
    private static SettingsException Bad(string what) => new(
        $"Foretell:Postgres is a URI that is not understood: {what}. Give postgresql://user:password@host:port/database, with what is special in a part percent-encoded.");
}
