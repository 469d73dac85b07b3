using System.Net;
using Azure.Core;
using Azure.Identity;
using Azure.Messaging.EventHubs;

namespace Foretell.Ingest.EventHubs;

/// <summary>Which hub, and by what right: a connection string, or a namespace's name and the identity that this process has.</summary>
/// <remarks>It prints without secrets.</remarks>
public sealed record EventHubAddress
{
    private const string FormsText = "a connection string (Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=HUB), "
        + "NAMESPACE.servicebus.windows.net/HUB for this machine's identity, or @FILE with one of them";

    private readonly string? _connectionString;

    private EventHubAddress(string? connectionString, string @namespace, string hub) =>
        (_connectionString, Namespace, Hub) = (connectionString, @namespace, hub);

    /// <summary>Host name of the namespace, with the port where one is given.</summary>
    public string Namespace { get; }

    /// <summary>Name of the hub.</summary>
    public string Hub { get; }

    /// <summary>Where connections really go; null for the namespace itself. For private endpoints and tests.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Says which certificates count beside the valid ones; null for none. For tests.</summary>
    public System.Net.Security.RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    /// <summary>The identity, where there is no connection string; null for this machine's own (DefaultAzureCredential).</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>Reads an address as people write it.</summary>
    /// <param name="text">A connection string, NAMESPACE/HUB, or @FILE, which holds one of them.</param>
    /// <param name="hub">The hub, where the connection string does not name one; null for none.</param>
    /// <exception cref="FormatException">It is none of these; the message says what is missing, and no secret.</exception>
    public static EventHubAddress Parse(string text, string? hub = null)
    {
        text = AddressFile.Resolve(text, "a hub's connection string");
        hub = string.IsNullOrWhiteSpace(hub) ? null : hub.Trim();
        return text.Contains('=', StringComparison.Ordinal) ? ParseConnectionString(text, hub) : ParseName(text, hub);
    }

    /// <summary>Opens connections to the hub; they are made when they are needed.</summary>
    public EventHubConnection Connect()
    {
        var options = new EventHubConnectionOptions { CertificateValidationCallback = CertificateValidation };
        if (Endpoint is not null)
        {
            options.CustomEndpointAddress = Endpoint;
        }
        return _connectionString is not null ? new EventHubConnection(_connectionString, Hub, options)
            : new EventHubConnection(Namespace, Hub, Credential ?? new DefaultAzureCredential(), options);
    }

    /// <summary>Whether another address is of the same hub, by whatever right.</summary>
    public bool IsOfSameHub(EventHubAddress other) => Namespace.Equals(other.Namespace, StringComparison.OrdinalIgnoreCase)
        && Hub.Equals(other.Hub, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override string ToString() => $"hub '{Hub}' of {Namespace}";

    private static EventHubAddress ParseConnectionString(string text, string? hub)
    {
        EventHubsConnectionStringProperties parts;
        try
        {
            parts = EventHubsConnectionStringProperties.Parse(text);
        }
        catch (Exception)
        {
            // The library throws what its indexing throws, too, and its own message may hold a part of the string.
            throw new FormatException("The connection string of Event Hubs cannot be read: it is 'NAME=VALUE' pairs separated by ';', with Endpoint=sb://NAMESPACE, "
                + "SharedAccessKeyName and SharedAccessKey (or SharedAccessSignature).");
        }
        string found = parts.EventHubName ?? hub
            ?? throw new FormatException("The connection string of Event Hubs names no hub: add ;EntityPath=HUB to it.");
        if (hub is not null && parts.EventHubName is { } path && !path.Equals(hub, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"The connection string is of hub '{path}', and hub '{hub}' was asked for: leave one of the two out.");
        }
        if (parts.Endpoint is null)
        {
            throw new FormatException("The connection string of Event Hubs has no Endpoint=sb://NAMESPACE.");
        }
        bool isEmulator = text.Contains("UseDevelopmentEmulator=true", StringComparison.OrdinalIgnoreCase);
        if (isEmulator && !IsLocal(parts.Endpoint))
        {
            throw new FormatException($"UseDevelopmentEmulator=true sends keys and events in plain text, and {parts.Endpoint.Host} is not this machine: leave it out.");
        }
        if (!isEmulator && parts.SharedAccessKey is null && parts.SharedAccessSignature is null)
        {
            throw new FormatException("The connection string of Event Hubs has neither SharedAccessKey nor SharedAccessSignature.");
        }
        return new EventHubAddress(text, parts.Endpoint.IsDefaultPort ? parts.Endpoint.Host : parts.Endpoint.Authority, found);
    }

    private static EventHubAddress ParseName(string text, string? hub)
    {
        string[] parts = text.Split('/');
        string name = parts[0], path = parts.Length == 2 ? parts[1] : hub ?? "";
        if (parts.Length > 2 || name.Length == 0 || path.Length == 0 || Uri.CheckHostName(name) != UriHostNameType.Dns)
        {
            throw new FormatException($"'{Shortened(text)}' is no hub: write {FormsText}.");
        }
        return new EventHubAddress(null, name.Contains('.', StringComparison.Ordinal) ? name : name + ".servicebus.windows.net", path);
    }

    // Somebody's key pasted without its name must not come back in a message.
    private static string Shortened(string text) => text.Length > 64 ? text[..8] + "..." : text;

    private static bool IsLocal(Uri endpoint) => endpoint.IsLoopback || !endpoint.Host.Contains('.', StringComparison.Ordinal)
        || (IPAddress.TryParse(endpoint.Host, out IPAddress? address) && IPAddress.IsLoopback(address));
}
