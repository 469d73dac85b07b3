using Microsoft.Azure.Amqp;

namespace Foretell.FakeHub.Links;

/// <summary>What a client says about a link in its attach.</summary>
internal static class LinkSettings
{
    public static long? Long(this AmqpLinkSettings settings, string name) =>
        settings.Property(name) is { } value ? Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) : null;

    public static object? Property(this AmqpLinkSettings settings, string name) =>
        settings.Properties is { } properties && properties.TryGetValue(name, out object? value) ? value : null;

    public static bool Desires(this AmqpLinkSettings settings, string capability) =>
        settings.DesiredCapabilities?.Contains(capability) == true;
}
