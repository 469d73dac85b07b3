using System.Net.Http.Headers;

namespace Foretell.Cli.Shell;

/// <summary>The API key, or token, that this program sends to a host.</summary>
internal static class ApiCredential
{
    /// <summary>Environment variable with it.</summary>
    public const string Variable = "FORETELL_API_KEY";

    /// <summary>Option with the path of a file with it.</summary>
    public const string Option = "--api-key-file";

    /// <summary>It; null where there is none.</summary>
    /// <param name="file">File that has it; null looks into the environment.</param>
    /// <exception cref="CliException">It cannot be read, or is none.</exception>
    public static AuthenticationHeaderValue? Find(string? file)
    {
        string? key = file is not null ? SecretFile.Read(Option, file) : Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrWhiteSpace(key) ? null
            // What cannot stand in a header would be shown in the failure.
            : key.Trim().All(c => c is > ' ' and <= '~') ? new AuthenticationHeaderValue("Bearer", key.Trim())
            : throw new CliException($"{(file is null ? Variable : $"{Option} '{file}'")} holds no API key: a key is letters, digits and _ - in one line.");
    }

    /// <summary>What to do about a refusal; null for any other status.</summary>
    public static string? Advice(System.Net.HttpStatusCode status) => status switch
    {
        System.Net.HttpStatusCode.Unauthorized => $"Give a key that holds in the environment variable {Variable}, or in a file with {Option}.",
        System.Net.HttpStatusCode.Forbidden => $"Give a key that allows it in the environment variable {Variable}, or in a file with {Option}.",
        _ => null,
    };
}
