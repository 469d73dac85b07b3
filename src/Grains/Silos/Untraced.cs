using System.Diagnostics;
using Foretell.Engine;

namespace Foretell.Grains.Silos;

/// <summary>Calls that nobody asked for. Each of them would begin a trace of its own otherwise, dozens a second in an idle
/// cluster.</summary>
/// <remarks>
/// What they do for somebody is traced all the same: the records of a sampled append bring their trace along.
/// With a sampler that does not ask for the parent's decision these calls are traced, too.
/// </remarks>
internal static class Untraced
{
    /// <summary>For the rest of the calling async method, calls to grains belong to a trace that is not sampled.</summary>
    public static void Enter()
    {
        if (Telemetry.Activities.HasListeners())
        {
            Activity background = new Activity("background").SetIdFormat(ActivityIdFormat.W3C).Start();
            // Orleans hands on what it samples only; without this line the silo that is called would decide anew.
            RequestContext.Set("traceparent", background.Id!);
        }
    }
}
