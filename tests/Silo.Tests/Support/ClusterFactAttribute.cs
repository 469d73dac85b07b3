using Foretell.Streams;

namespace Foretell.Silo.Tests;

/// <summary>A test with real silos and a real PostgreSQL; skipped where there is none to start.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute()
    {
        if (PostgresPrograms.Find() is null)
        {
            Skip = PostgresPrograms.HowToInstall;
        }
    }
}

/// <inheritdoc cref="ClusterFactAttribute"/>
public sealed class ClusterTheoryAttribute : TheoryAttribute
{
    public ClusterTheoryAttribute()
    {
        if (PostgresPrograms.Find() is null)
        {
            Skip = PostgresPrograms.HowToInstall;
        }
    }
}

/// <summary>How often the tests that repeat do so.</summary>
public static class Repetitions
{
    /// <summary>FORETELL_TEST_REPETITIONS, or 2.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_REPETITIONS"), out int count) ? count : 2;
}
