using Foretell.Silo.Settings;
using Foretell.Support;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Foretell.Silo.Tests;

public sealed class PostgresSettingsTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("postgresql://u:p@db/forecasts", "db", 5432, "u", "p", "forecasts")]
    [InlineData("postgres://db.example:6432", "db.example", 6432, null, null, null)]
    [InlineData("POSTGRESQL://u%40x:p%3A%2F%23@db:1/a%20b", "db", 1, "u@x", "p:/#", "a b")]
    [InlineData("postgresql://u:a@b@db/x", "db", 5432, "u", "a@b", "x")]
    [InlineData("postgresql:///x", "localhost", 5432, null, null, "x")]
    [InlineData("postgresql://u@a:1,b:2/x", "a:1,b:2", 5432, "u", null, "x")]
    [InlineData("Host=db;Username=u;Password=p;Database=x;Port=7", "db", 7, "u", "p", "x")]
    public void Read_OfAWholeAddress_FindsItsParts(string address, string host, int port, string? user, string? password, string? database)
    {
        var found = new NpgsqlConnectionStringBuilder(Read(("Postgres", address)));

        Assert.Equal((host, port, user, password, database), (found.Host, found.Port, found.Username, found.Password, found.Database));
    }

    [Fact]
    public void Read_OfAUriWithParameters_GivesThemToNpgsql()
    {
        var found = new NpgsqlConnectionStringBuilder(Read(("Postgres",
            "postgresql://db/x?sslmode=verify-full&sslrootcert=%2Fca.pem&connect_timeout=7&target_session_attrs=read-write&application_name=a%20b")));

        Assert.Equal((SslMode.VerifyFull, "/ca.pem", 7, "a b"), (found.SslMode, found.RootCertificate, found.Timeout, found.ApplicationName));
        Assert.Equal("read-write", found.TargetSessionAttributes);
    }

    [Fact]
    public void Read_OfPieces_TakesThePasswordFromItsFile()
    {
        File.WriteAllText(_directory.At("password"), "s;e=c ret\n");

        var found = new NpgsqlConnectionStringBuilder(Read(("PostgresHost", "db"), ("PostgresPort", "6432"), ("PostgresDatabase", "x"),
            ("PostgresUser", "u"), ("PostgresPasswordFile", _directory.At("password"))));

        Assert.Equal(("db", 6432, "u", "s;e=c ret", "x"), (found.Host, found.Port, found.Username, found.Password, found.Database));
    }

    [Theory]
    [InlineData("Foretell:Postgres is a URI that is not understood: its port is 'x'", "Postgres", "postgresql://u:secret@db:x/y")]
    [InlineData("Foretell:Postgres is a URI that is not understood: its parameter 'ssl' is not among application_name, connect_timeout", "Postgres", "postgresql://u:secret@db/y?ssl=1")]
    [InlineData("Foretell:Postgres is a URI that is not understood: its parameter sslmode is 'maybe'", "Postgres", "postgresql://u:secret@db/y?sslmode=maybe")]
    [InlineData("Foretell:Postgres and Foretell:PostgresHost are both given", "Postgres", "Host=db", "PostgresHost", "db")]
    [InlineData("Foretell:PostgresHost is missing", "PostgresUser", "u")]
    [InlineData("Foretell:PostgresPasswordFile is '/nowhere/password', which cannot be read", "PostgresHost", "db", "PostgresPasswordFile", "/nowhere/password")]
    [InlineData("Foretell:Postgres is missing", "Schema", "x")]
    public void Read_OfWhatIsWrong_SaysWhatIsAllowedAndNoPassword(string sentence, params string[] settings)
    {
        SettingsException e = Assert.Throws<SettingsException>(() => Read([.. settings.Chunk(2).Select(s => (s[0], s[1]))]));

        Assert.StartsWith(sentence, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    private static string Read(params (string Name, string Value)[] settings) => PostgresSettings.Read(new SettingsSection(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("Foretell:" + s.Name, (string?)s.Value)))
            .Build().GetSection("Foretell"))).ConnectionString;
}
