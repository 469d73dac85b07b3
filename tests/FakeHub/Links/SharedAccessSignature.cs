using System.Security.Cryptography;
using System.Text;

namespace Foretell.FakeHub.Links;

/// <summary>Tokens of the form "SharedAccessSignature sr=...&amp;sig=...&amp;se=...&amp;skn=...".</summary>
internal static class SharedAccessSignature
{
    private const string Scheme = "SharedAccessSignature ";

    /// <summary>One of its fields as written, decoded; null if it is not there or the token is none of these.</summary>
    public static string? Field(string token, string name) => Raw(token, name) is { } raw ? Uri.UnescapeDataString(raw) : null;

    /// <summary>Whether it was signed with a key.</summary>
    public static bool IsOf(string token, string keyName, string key)
    {
        byte[] signed = Encoding.UTF8.GetBytes($"{Raw(token, "sr")}\n{Raw(token, "se")}");
        string signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), signed));
        return Field(token, "skn") == keyName && Field(token, "sig") == signature;
    }

    private static string? Raw(string token, string name) => token.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        ? token[Scheme.Length..].Split('&').Select(field => field.Split('=', 2)).FirstOrDefault(field => field[0] == name)?[^1]
        : null;
}
