namespace Foretell.Cli.Shell;

/// <summary>Secrets are read from files or the environment, never from a command line: every user of a machine can list those.</summary>
internal static class SecretFile
{
    /// <summary>The text in a file, without its last line break.</summary>
    /// <param name="name">The option that names the file.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="CliException">It cannot be read, or is empty.</exception>
    public static string Read(string name, string path)
    {
        try
        {
            string text = File.ReadAllText(path).TrimEnd('\r', '\n');
            return text.Length > 0 ? text : throw new CliException($"{name} is '{path}', which is empty. Give a file with the secret in it, and nothing else.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{name} is '{path}', which cannot be read: {e.Message.TrimEnd('.')}. Give a file with the secret in it, and nothing else.", e);
        }
    }
}
