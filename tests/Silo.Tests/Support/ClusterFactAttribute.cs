using System.Runtime.CompilerServices;
using Foretell.Cli.Cluster;

namespace Foretell.Silo.Tests.Support;

/// <summary>A test with real silos and a real PostgreSQL, whose programs must be on the machine.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall : null;
}

/// <inheritdoc cref="ClusterFactAttribute"/>
public sealed class ClusterTheoryAttribute : TheoryAttribute
{
    public ClusterTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Skip = PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall : null;
}

/// <summary>How often the tests that repeat do so, and for how long: little in every run, more where somebody asks for it.</summary>
public static class Repetitions
{
    /// <summary>FORETELL_TEST_REPETITIONS, or 2.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_REPETITIONS"), out int count)
        ? count : 2;

    /// <summary>FORETELL_TEST_BUSY_SECONDS, or 15 s.</summary>
    public static TimeSpan BusyTime { get; } =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_BUSY_SECONDS"), out int seconds)
            ? seconds : 15);
}
