using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Foretell.Web.Guards;

/// <summary>A provider's public keys in a file, read anew within a second of a change.</summary>
internal sealed class JwtKeys
{
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly WatchedFile _file;
    private readonly Lock _gate = new();
    private IList<SecurityKey> _keys = [];
    private DateTimeOffset _lookAt = DateTimeOffset.MinValue;

    /// <exception cref="InvalidDataException">The file is no JSON Web Key Set.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public JwtKeys(string path)
    {
        (_path, _file) = (path, new WatchedFile(path));
        Read();
    }

    /// <summary>The keys that a token may be signed with.</summary>
    /// <param name="id">Id that its header names, or null.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<SecurityKey> Find(string? id, DateTimeOffset now)
    {
        lock (_gate)
        {
            // Whoever sends tokens without a right signature must not have the file read for each of them.
            if (now >= _lookAt)
            {
                _lookAt = now + s_lookInterval;
                try
                {
                    Read();
                }
                catch (Exception e) when (e is InvalidDataException or IOException)
                {
                    // Those that were read before go on to hold.
                }
            }
            return [.. _keys.Where(k => id is null || k.KeyId is null || k.KeyId == id)];
        }
    }

    private void Read()
    {
        if (!_file.Look(out byte[]? json))
        {
            return;
        }
        try
        {
            IList<SecurityKey> keys = new JsonWebKeySet(Encoding.UTF8.GetString(json ?? [])).GetSigningKeys();
            _keys = keys.Count > 0 ? keys : throw new ArgumentException("it has no key to check signatures with");
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(
                $"The tokens' keys in {_path} cannot be used: {e.Message.TrimEnd('.')}. Give a JSON Web Key Set, as the provider's jwks_uri has it.", e);
        }
    }
}
