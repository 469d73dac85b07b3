using Foretell.Silo.Settings;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>Profile "event-hubs": the silos read what the emulator has.</summary>
internal static class EventHubsRules
{
    public const string Emulator = "compose/event-hubs.json", Variables = "compose/event-hubs.env";

    /// <summary>One sentence for each thing that is wrong.</summary>
    public static IReadOnlyList<string> Check(ComposeFile file)
    {
        string[] there = [.. MonitoringRules.Scalars(file.Document(Emulator), "Name")];
        return [.. file.Silos.SelectMany(silo => OfSilo(file, silo, there))];
    }

    private static List<string> OfSilo(ComposeFile file, ComposeService silo, string[] there)
    {
        try
        {
            if (ComposeRules.Settings(silo, file.Variables(Variables)).EventHubs is not [{ } hub])
            {
                return [$"Service {silo.Name} does not take its hub from {Variables}."];
            }
            List<string> wrong = [];
            if (!file.Services.TryGetValue(hub.Address.Namespace, out ComposeService? emulator) || !emulator.Profiles.Contains("event-hubs"))
            {
                wrong.Add($"{Variables} names host {hub.Address.Namespace}, which is no service of profile event-hubs.");
            }
            wrong.AddRange(new[] { hub.Address.Hub, hub.Options.ConsumerGroup }.Except(there)
                .Select(name => $"{Variables} names '{name}', which the emulator does not have ({Emulator})."));
            return wrong;
        }
        catch (SettingsException e)
        {
            return [$"Service {silo.Name}: the silo would refuse its settings with {Variables}: {e.Message}"];
        }
    }
}
