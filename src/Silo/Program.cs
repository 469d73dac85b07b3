using Foretell.Engine;
using Foretell.Silo;
using Foretell.Silo.Membership;
using Foretell.Silo.Settings;
using Foretell.Stores.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

const string Usage = """
    Usage: foretell-silo [migrate] [--Foretell:NAME VALUE ...]

      (nothing)  runs a silo until it is told to stop
      migrate    creates or updates the database's tables; safe to repeat, and to run from several places at once

    Settings come from appsettings.json, environment (FORETELL__NAME) and command line; docs/cluster.md lists them.
    """;

bool migrate = args is ["migrate", ..];
string[] settings = migrate ? args[1..] : args;
if (settings is ["--help" or "-h" or "-?", ..])
{
    Console.Out.WriteLine(Usage);
    return 0;
}
if (settings.Length > 0 && !settings[0].StartsWith("--Foretell:", StringComparison.OrdinalIgnoreCase))
{
    Console.Error.WriteLine($"foretell-silo: '{settings[0]}' is not understood.\n{Usage}");
    return 2;
}

// The content root is the program's folder: settings files in the working directory are not ours.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
{
    ApplicationName = "foretell-silo",
    ContentRootPath = AppContext.BaseDirectory,
    Args = settings,
});
// Standard output has one line, for whoever started the silo; everything else is for the log.
builder.Logging.ClearProviders()
    .AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat, o.UseUtcTimestamp) = (true, "HH:mm:ss.fff ", true));
builder.Logging.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
try
{
    if (!migrate)
    {
        await SiloHost.RunAsync(builder);
        return 0;
    }
    PostgresOptions postgres = SiloSettings.ReadPostgres(builder.Configuration);
    int steps = await StartPatience.TryAsync(() => PostgresSchema.MigrateAsync(postgres),
        SiloSettings.ReadStartTimeout(builder.Configuration), sentence => Console.Error.WriteLine($"foretell-silo: {sentence}"), TimeProvider.System);
    await MembershipSchema.MigrateAsync(postgres, CancellationToken.None);
    Console.Out.WriteLine(steps == 0
        ? $"schema {postgres.Schema} has version {PostgresSchema.Version} already"
        : $"schema {postgres.Schema} has version {PostgresSchema.Version} now");
    return 0;
}
catch (Exception e) when (e is SettingsException or StorageException or ArgumentException or IOException)
{
    Console.Error.WriteLine($"foretell-silo: {e.Message}");
    return 1;
}
