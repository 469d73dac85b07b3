namespace Foretell.Web.Guards;

/// <summary>A file that is read anew when its bytes have changed, however they did: written over, renamed into place, or a link
/// that leads elsewhere now, as mounted secrets do.</summary>
/// <remarks>The whole file is compared, since times are too coarse for two changes in a second and lie behind links. Not
/// thread-safe.</remarks>
internal sealed class WatchedFile(string path)
{
    private byte[]? _last;
    private bool _isRead;

    /// <summary>Looks.</summary>
    /// <param name="bytes">What the file has now; null where there is none.</param>
    /// <returns>Whether that differs from the last look; true the first time.</returns>
    /// <exception cref="IOException">It is there and cannot be read.</exception>
    public bool Look(out byte[]? bytes)
    {
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            bytes = null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
        bool isSame = _isRead && (bytes is null ? _last is null : _last is not null && bytes.AsSpan().SequenceEqual(_last));
        (_last, _isRead) = (bytes, true);
        return !isSame;
    }
}
