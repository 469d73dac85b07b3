using System.Globalization;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.EventHubs;

/// <summary>Positions as the client library's own checkpoints (BlobCheckpointStore): an empty blob a partition, the position in its
/// metadata. So KEDA's scaler (azure-eventhub, checkpointStrategy blobMetadata) and every tool of the library show the lag.</summary>
/// <param name="container">Where.</param>
/// <param name="fullyQualifiedNamespace">Host name of the namespace.</param>
/// <param name="hub">The hub.</param>
/// <param name="consumerGroup">The group.</param>
internal sealed class CheckpointBlobs(CheckpointContainer container, string fullyQualifiedNamespace, string hub, string consumerGroup)
{
    private readonly BlobContainerClient _container = container.Connect();

    // The library writes and looks for lower-case names.
    private readonly string _folder = $"{fullyQualifiedNamespace}/{hub}/{consumerGroup}/checkpoint/".ToLowerInvariant();

    /// <summary>Writes one partition's position.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="number">Sequence number of the last event read.</param>
    /// <param name="offset">Its offset; empty where it is not known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SourceException">It cannot be written now.</exception>
    public async Task WriteAsync(string partition, long number, string offset, CancellationToken cancellationToken)
    {
        BlobClient blob = _container.GetBlobClient(_folder + partition);
        var metadata = new Dictionary<string, string>
        {
            ["sequencenumber"] = number.ToString(CultureInfo.InvariantCulture),
            ["offset"] = offset,
        };
        try
        {
            try
            {
                await blob.SetMetadataAsync(metadata, cancellationToken: cancellationToken);
            }
            catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
            {
                await blob.UploadAsync(BinaryData.Empty, new BlobUploadOptions { Metadata = metadata }, cancellationToken);
            }
        }
        catch (RequestFailedException e)
        {
            throw new SourceException(e.Status is 401 or 403 ? SourceFault.Refused
                : e.Status == 404 ? SourceFault.NotFound : SourceFault.Unavailable, Sentence(e), e);
        }
        catch (AuthenticationFailedException e)
        {
            throw new SourceException(SourceFault.Refused, $"no identity for {container}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (AggregateException e)
        {
            throw new SourceException(SourceFault.Unavailable, $"{container} cannot be reached: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private string Sentence(RequestFailedException e) => e.Status switch
    {
        401 or 403 => $"{container} refuses the credentials ({e.ErrorCode}): writing needs the role Storage Blob Data Contributor, or a "
            + "signature with the rights to create and write.",
        404 => $"there is no container {container}: make it, or correct the address.",
        0 => $"{container} cannot be reached: {e.Message.ReplaceLineEndings(" ")}",
        _ => $"{container} answers {e.Status} ({e.ErrorCode}).",
    };
}
