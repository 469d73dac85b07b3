using Foretell.Streams;

namespace Foretell.Silo.Tests;

/// <summary>A test with real silos and a real PostgreSQL: on demand, since a busy machine can break its limits in time.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = OnDemand.WhyNot;
}

/// <inheritdoc cref="ClusterFactAttribute"/>
public sealed class ClusterTheoryAttribute : TheoryAttribute
{
    public ClusterTheoryAttribute() => Skip = OnDemand.WhyNot;
}

/// <summary>Whether tests that start silos run.</summary>
internal static class OnDemand
{
    /// <summary>Why they do not, or null.</summary>
    public static string? WhyNot { get; } =
        PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall
        : Environment.GetEnvironmentVariable("FORETELL_TEST_SILOS") == "1" ? null
        : "Silos as processes are tested on demand: set FORETELL_TEST_SILOS=1 on a machine that is otherwise idle.";
}

/// <summary>How often the tests that repeat do so, and for how long: little in every run, more where somebody asks for it.</summary>
public static class Repetitions
{
    /// <summary>FORETELL_TEST_REPETITIONS, or 2.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_REPETITIONS"), out int count) ? count : 2;

    /// <summary>FORETELL_TEST_BUSY_SECONDS, or 15 s.</summary>
    public static TimeSpan BusyTime { get; } =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("FORETELL_TEST_BUSY_SECONDS"), out int seconds) ? seconds : 15);
}
