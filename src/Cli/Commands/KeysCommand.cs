using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Web.Guards;
using Spectre.Console;

namespace Foretell.Cli.Commands;

/// <summary>foretell keys: the API keys of a host. One that runs takes a change within a second or two.</summary>
internal static class KeysCommand
{
    private static readonly Option<string> s_dataDir = DataDirectorySettings.Create("Data folder of the host whose keys are meant.");
    private static readonly Option<string> s_file = Settings.Text("--file", "file", "File of keys, in place of the one in the data folder: for silos.");
    private static readonly Option<string> s_name = Settings.Text("--name", "text", "What people call the key: who has it, and what for.", required: true);
    private static readonly Option<string> s_scopes = Settings.Text("--scopes", "list",
        "What it allows, with commas between: write (send events), read (streams, forecasts, feeds), operate (status, model, calibration).", required: true);
    private static readonly Option<string> s_tenant = Settings.Text("--tenant", "prefix",
        "Only for streams whose key begins with this and a slash; by default for all.");
    private static readonly Option<string> s_expires = Settings.Text("--expires", "when",
        "When it ends by itself: a duration from now (90d) or a time (2027-01-31T00:00:00Z); by default never.");
    private static readonly Option<double?> s_events = Settings.OptionalNumber("--events-per-second",
        "Most events a second with this key; by default what the host allows.", 0.01, 1e9);
    private static readonly Option<bool> s_json = CommonSettings.Json();
    private static readonly Argument<string> s_id = new("ID") { Description = "The key's id: what stands between fk_ and the next _, and in the list." };

    public static Command Create()
    {
        var verb = new Verb("keys", "Makes, lists and revokes the API keys of a host; one that runs takes the change within seconds.",
            "keys add --name shop --scopes write,read --tenant shop",
            "keys add --name prometheus --scopes operate --expires 90d --data-dir ./my-data",
            "keys list",
            "keys revoke 4f1d0c9be2a7");
        var add = new Verb("add", "Makes a key and prints it, this one time: only its hash is kept.",
            "keys add --name shop --scopes write,read --tenant shop",
            "keys add --name shop --scopes write --file keys.json")
        {
            s_name, s_scopes, s_tenant, s_expires, s_events, s_dataDir, s_file,
        };
        add.SetAction(Add);
        var list = new Verb("list", "Lists the keys, without their secrets.", "keys list", "keys list --file keys.json --json") { s_dataDir, s_file, s_json };
        list.SetAction(List);
        var revoke = new Verb("revoke", "Ends a key; whoever has it is refused within seconds.", "keys revoke 4f1d0c9be2a7") { s_id, s_dataDir, s_file };
        revoke.SetAction(Revoke);
        verb.Add(add);
        verb.Add(list);
        verb.Add(revoke);
        return verb;
    }

    private static int Add(ParseResult parsed)
    {
        string[] scopes = [.. Settings.List(parsed.GetRequiredValue(s_scopes)).Distinct()];
        if (scopes.Length == 0 || scopes.Except(Scope.All).FirstOrDefault() is not null)
        {
            throw new UsageException($"--scopes must be some of {string.Join(", ", Scope.All)} with commas between, got '{parsed.GetRequiredValue(s_scopes)}'.");
        }
        Tenant tenant = ReadTenant(parsed.GetValue(s_tenant));
        if (!tenant.IsEverybody && scopes.Contains(Scope.Operate))
        {
            throw new UsageException("--scopes has operate, which is of everybody's streams, and --tenant names one tenant. Leave one of them out.");
        }
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var key = ApiKey.Create(new ApiKey
        {
            Id = "",
            Hash = "",
            Name = parsed.GetRequiredValue(s_name),
            Scopes = scopes,
            Tenant = tenant.Prefix,
            EventsPerSecond = parsed.GetValue(s_events),
            Created = now,
            Expires = ReadExpiry(parsed.GetValue(s_expires), now),
        }, out string text);
        string file = FileOf(parsed);
        KeyFile.Update(file, keys => [.. keys, key]);
        Note(file, $"key {key.Id} was made: {string.Join(' ', scopes)}, {tenant.Prefix ?? "all streams"}");
        // The key alone, so that it can go into a file or a secret store without being seen.
        Terminal.WriteLine(text);
        Terminal.WriteNote($"key {key.Id} is in {file}; what is printed here is nowhere else, and cannot be shown again. Clients send it as 'Authorization: Bearer fk_...'.");
        return ExitCode.Success;
    }

    private static int List(ParseResult parsed)
    {
        string file = FileOf(parsed);
        IReadOnlyList<ApiKey> keys = File.Exists(file) ? KeyFile.Parse(File.ReadAllBytes(file), file) : [];
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(keys.Select(k => new
            {
                k.Id, k.Name, k.Scopes, k.Tenant, k.EventsPerSecond, k.Created, k.Expires, k.Revoked, Valid = k.IsValid(now),
            }));
            return ExitCode.Success;
        }
        Table table = Tables.Numbers("id", "name", "scopes", "streams", "events/s", "made", "state");
        foreach (ApiKey key in keys)
        {
            table.AddRow(key.Id, Terminal.Escape(OneLine.Of(key.Name)), string.Join(' ', key.Scopes), Terminal.Escape(key.Tenant ?? "all"),
                key.EventsPerSecond?.ToString("G", CultureInfo.InvariantCulture) ?? "-", Day(key.Created),
                key.Revoked is { } revoked ? $"revoked {Day(revoked)}" : key.Expires is not { } end ? "holds"
                    : $"{(key.IsValid(now) ? "holds until" : "ended")} {Day(end)}");
        }
        Terminal.Out.Write(table);
        return ExitCode.Success;
    }

    private static int Revoke(ParseResult parsed)
    {
        string file = FileOf(parsed), given = parsed.GetRequiredValue(s_id);
        // Somebody may have the whole key at hand: its id is in it.
        string id = ApiKey.TryParse(given, out string found, out _) ? found : given;
        if (id != given)
        {
            Terminal.WriteNote("A whole key was given: its secret is in this shell's history now. The id alone would have done.");
        }
        if (!File.Exists(file))
        {
            throw new CliException($"There are no keys at {file}; name their place with --data-dir or --file.");
        }
        KeyFile.Update(file, keys => keys.Any(k => k.Id == id)
            ? [.. keys.Select(k => k.Id == id ? k with { Revoked = k.Revoked ?? DateTimeOffset.UtcNow } : k)]
            : throw new CliException($"{file} has no key {(id.Length <= 40 ? $"'{id}'" : "of this id")}. 'foretell keys list' shows those that there are."));
        Note(file, $"key {id} was revoked");
        Terminal.WriteLine($"key {id} is revoked");
        return ExitCode.Success;
    }

    /// <summary>Notes a change in the audit log beside the keys, under the name of whoever made it.</summary>
    private static void Note(string file, string change)
    {
        var audit = new LogFile(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, ListenSettings.AuditName));
        if (!audit.TryAdd(AuditFile.Line(DateTimeOffset.UtcNow, $"user {OneLine.Of(Environment.UserName)}: {change}")))
        {
            Terminal.WriteNote($"the audit log {audit.Path} could not be written.");
        }
    }

    private static string FileOf(ParseResult parsed) =>
        Path.GetFullPath(parsed.GetValue(s_file) ?? Path.Combine(parsed.GetRequiredValue(s_dataDir), KeyFile.Name));

    private static Tenant ReadTenant(string? name)
    {
        try
        {
            return name is null ? Tenant.Everybody : Tenant.Parse(name);
        }
        catch (FormatException bad)
        {
            throw new UsageException($"--tenant: {bad.Message}");
        }
    }

    private static DateTimeOffset? ReadExpiry(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return null;
        }
        bool isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            && text.Contains('-', StringComparison.Ordinal);
        DateTimeOffset end = isTime ? time
            : now + TimeSpan.FromSeconds(Math.Min(Durations.Parse("--expires", text, 1), TimeSpan.FromDays(36_500).TotalSeconds));
        return end > now ? end : throw new UsageException($"--expires must lie ahead, got '{text}'.");
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
