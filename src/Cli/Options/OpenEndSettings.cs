using System.CommandLine;
using Foretell.Cli.Shell;
using Foretell.Ingest.Files;

namespace Foretell.Cli.Options;

/// <summary>--censored and --until of the verbs that read histories: whether the silence after a stream's last event counts, and
/// up to when.</summary>
internal sealed class OpenEndSettings(string description)
{
    /// <summary>Whether open ends count.</summary>
    public Option<bool> Censored { get; } = Settings.Flag("--censored", description);

    /// <summary>End of observation, or null for the latest event of each file.</summary>
    public Option<string> Until { get; } = Settings.Text("--until", "time",
        "End of observation: RFC 3339 or Unix seconds, for a sequence file a number in its time unit; by default the latest event of each file.");

    /// <summary>The end of observation, or null where open ends do not count.</summary>
    /// <param name="also">Whether an end that is named is of use without open ends, too.</param>
    /// <param name="with">What else it could be of use with, for the message.</param>
    /// <exception cref="UsageException">There is an end, and nothing that it would be for.</exception>
    public ObservationEnd? End(ParseResult parsed, bool also = false, string with = "")
    {
        string? until = parsed.GetValue(Until);
        if (parsed.GetValue(Censored) || (also && until is not null))
        {
            return new ObservationEnd(until);
        }
        return until is null ? null : throw new UsageException(
            $"--until says up to when the silence after a stream's last event is known; it goes together with --censored{with}.");
    }
}
