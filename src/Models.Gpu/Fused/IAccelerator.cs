using Foretell.Models.Gpu.Kernels;

namespace Foretell.Models.Gpu.Fused;

/// <summary>Something beside the CPU that steps batches of rows: a GPU, ILGPU's emulation of one, or a test's.</summary>
internal interface IAccelerator : IDisposable
{
    /// <summary>As people call it.</summary>
    string Name { get; }

    /// <summary>Takes host and device memory for batches.</summary>
    /// <param name="capacity">Most events in one batch.</param>
    /// <exception cref="Exception">There is not so much memory, or the device fails.</exception>
    IStepLane OpenLane(int capacity);
}

/// <summary>Memory for one batch, on the host and on the device. A batch is laid into it, stepped, and read out of it.</summary>
internal interface IStepLane : IDisposable
{
    /// <summary>Bytes taken on the device.</summary>
    long DeviceBytes { get; }

    /// <summary>Rows on the host. Shape [capacity, RowFloats].</summary>
    Span<float> Rows { get; }

    /// <summary>Events on the host, the i-th of row i. Shape [capacity].</summary>
    Span<StepEvent> Events { get; }

    /// <summary>Copies a batch to the device, steps it, and copies its rows back; returns when they are back. Lanes may run side by
    /// side, each on one thread at a time.</summary>
    /// <param name="events">Events in the batch, at least 1.</param>
    /// <exception cref="Exception">The device fails; what <see cref="Rows"/> holds is not to be used.</exception>
    void Run(int events);
}
