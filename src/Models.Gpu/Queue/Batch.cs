using Foretell.Models.Gpu.Fused;

namespace Foretell.Models.Gpu.Queue;

/// <summary>One batch on its way: filled by the waves of several shards, stepped, read by the same.</summary>
/// <remarks>Its numbers are guarded by the queue's lock. Each wave's part of the lane belongs to the thread that reserved it, but
/// for the time between the last part written and <see cref="Over"/>, when all of it is the device's.</remarks>
internal sealed class Batch(IStepLane lane, int capacity) : IDisposable
{
    /// <summary>Where it lies.</summary>
    public IStepLane Lane => lane;

    /// <summary>Events that fit.</summary>
    public int Capacity => capacity;

    /// <summary>Events reserved.</summary>
    public int Events { get; set; }

    /// <summary>Waves that are still being written.</summary>
    public int Writing { get; set; }

    /// <summary>Waves that have not been taken out, or given up.</summary>
    public int Waiting { get; set; }

    /// <summary>Which run it is on the device, counted from 1; null while it is not there.</summary>
    public long? Started { get; set; }

    /// <summary>Its rows are back; false until then, and where the device failed.</summary>
    public bool IsStepped { get; set; }

    /// <summary>Set once the device is done with it, whether it succeeded or not.</summary>
    public ManualResetEventSlim Over { get; } = new(false);

    /// <summary>Makes it empty again.</summary>
    public void Clear()
    {
        (Events, Writing, Waiting, IsStepped) = (0, 0, 0, false);
        Over.Reset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Over.Dispose();
        lane.Dispose();
    }
}

/// <summary>A wave's part of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="First">Its first event there.</param>
/// <param name="Events">Events.</param>
internal readonly record struct BatchPart(Batch Batch, int First, int Events);
