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

/// <summary>A test that kills, stops or pauses silos and holds what follows to seconds: on demand, since a busy machine can break its limits.</summary>
public sealed class FailoverFactAttribute : FactAttribute
{
    public FailoverFactAttribute()
    {
        if (PostgresPrograms.Find() is null)
        {
            Skip = PostgresPrograms.HowToInstall;
        }
        else if (Environment.GetEnvironmentVariable("FORETELL_TEST_FAILOVER") != "1")
        {
            Skip = "Failover is tested on demand: set FORETELL_TEST_FAILOVER=1 on a machine that is otherwise idle.";
        }
    }
}

/// <summary>How often the tests that repeat do so.</summary>
public static class Repetitions
{
    /// <summary>FORETELL_TEST_REPETITIONS, or 2.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_REPETITIONS"), out int count) ? count : 2;
}
