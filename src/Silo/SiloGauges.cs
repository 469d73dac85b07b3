using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Silo.Membership;

namespace Foretell.Silo;

/// <summary>The gauges that tell what this silo is: its roles and version, and how long its certificate is in force.</summary>
internal sealed class SiloGauges : IDisposable
{
    // A meter of the same name, for those who listen: its instruments go with the silo.
    private readonly Meter _meter = new(Telemetry.Name);

    /// <summary>Begins to tell.</summary>
    /// <param name="roles">Roles of the silo.</param>
    /// <param name="certificate">Its certificate; null without one, and then no series tells of it.</param>
    /// <param name="time">Clock that the certificate's end is held against.</param>
    public SiloGauges(IReadOnlyList<string> roles, SiloCertificate? certificate, TimeProvider time)
    {
        string version = typeof(SiloGauges).Assembly.GetName().Version!.ToString(3);
        Measurement<int>[] info = [.. roles.Select(role => new Measurement<int>(1, new KeyValuePair<string, object?>("foretell.role", role),
            new("foretell.version", version)))];
        _meter.CreateObservableGauge("foretell.silo.info", () => info, "{silo}", "1 for each role of the silo, with its version");
        if (certificate is not null)
        {
            _meter.CreateObservableGauge("foretell.certificate.left",
                () => (certificate.Own.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime).TotalSeconds, "s",
                "Time until the certificate for connections between silos ends; below 0 once it has");
        }
    }

    /// <summary>Tells nothing more.</summary>
    public void Dispose() => _meter.Dispose();
}
