using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace Foretell.Ingest.EventHubs;

/// <summary>A container of Azure Blob storage, and by what right it is written: a signature in its URL, or the identity that this process
/// has.</summary>
/// <remarks>It prints without secrets.</remarks>
public sealed record CheckpointContainer
{
    private readonly Uri _url;

    private CheckpointContainer(Uri url) => _url = url;

    /// <summary>The identity, where the URL has no signature; null for this machine's own (DefaultAzureCredential).</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>Reads a container's URL as people write it.</summary>
    /// <param name="text">https://ACCOUNT.blob.core.windows.net/CONTAINER, with or without a shared access signature, or @FILE, which holds
    /// it.</param>
    /// <exception cref="FormatException">It is none; the message says what is missing, and no secret.</exception>
    public static CheckpointContainer Parse(string text)
    {
        text = AddressFile.Resolve(text, "a container's URL");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.AbsolutePath.Trim('/').Length == 0
            || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            throw new FormatException("It must be a container's URL: https://ACCOUNT.blob.core.windows.net/CONTAINER for this machine's "
                + "identity, the same with a shared access signature behind it (?sv=...&sig=...), or @FILE with one of them.");
        }
        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
        {
            throw new FormatException($"http:// sends the signature in plain text, and {url.Host} is not this machine: use https://.");
        }
        return new CheckpointContainer(url);
    }

    /// <summary>Opens it; nothing is sent before it is used.</summary>
    public BlobContainerClient Connect()
    {
        // Whoever mirrors tries again by itself, with a newer position.
        var options = new BlobClientOptions
        {
            Retry = { MaxRetries = 1, NetworkTimeout = TimeSpan.FromSeconds(10) },
        };
        return _url.Query.Contains("sig=", StringComparison.Ordinal) ? new BlobContainerClient(_url, options)
            : new BlobContainerClient(_url, Credential ?? new DefaultAzureCredential(), options);
    }

    /// <inheritdoc/>
    public override string ToString() => _url.GetLeftPart(UriPartial.Path);
}
