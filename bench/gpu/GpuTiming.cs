using System.Diagnostics;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Runtime;

namespace Foretell.Bench.Gpu;

/// <summary>Times batches of one model: the kernel alone, and with the copies of rows and events.</summary>
internal sealed class GpuTiming : IDisposable
{
    private const int Streams = 256, Rounds = 5, MostRepeats = 200;
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(20);

    private readonly Accelerator _accelerator;
    private readonly DeviceStep _step;
    private readonly PageLockedArray1D<float> _hostRows;
    private readonly PageLockedArray1D<StepEvent> _hostEvents;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _rows;
    private readonly MemoryBuffer1D<StepEvent, Stride1D.Dense> _events;
    private readonly int _floats;

    /// <param name="largest">Largest batch that will be timed.</param>
    public GpuTiming(Accelerator accelerator, FusedKernel kernel, BenchCase benchCase, int largest)
    {
        _accelerator = accelerator;
        var model = new FusedModel(benchCase.Model());
        _floats = model.Model.StateFloats;
        Operations = BenchCase.Operations(model.Model);
        _step = new DeviceStep(accelerator, model, kernel);
        _hostRows = accelerator.AllocatePageLocked1D<float>((long)largest * _floats);
        _hostEvents = accelerator.AllocatePageLocked1D<StepEvent>(largest);
        _rows = accelerator.Allocate1D<float>((long)largest * _floats);
        _events = accelerator.Allocate1D<StepEvent>(largest);
        // More rows than streams are the same rows again: a row's values do not change how long its step takes.
        using var random = new BenchStreams(model, Streams);
        float[] rows = random.Rows();
        StepEvent[] events = random.Step();
        for (long i = 0; i < _hostRows.Length; i++)
        {
            _hostRows[i] = rows[i % rows.Length];
        }
        for (int i = 0; i < largest; i++)
        {
            _hostEvents[i] = events[i % events.Length] with { Row = i };
        }
        CopyIn(largest);
        accelerator.Synchronize();
    }

    /// <summary>Bytes of a row.</summary>
    public int RowBytes => _floats * sizeof(float);

    /// <summary>Bytes of an event.</summary>
    public int EventBytes => Interop.SizeOf<StepEvent>();

    /// <summary>Operations of a step (<see cref="BenchCase.Operations"/>).</summary>
    public long Operations { get; }

    /// <summary>Seconds of a batch whose rows lie on the device.</summary>
    public double KernelSeconds(int batch) => Seconds(_accelerator, () => Launch(batch));

    /// <summary>Seconds of a batch whose rows come from the host and go back, one after the other.</summary>
    public double WholeSeconds(int batch) => Seconds(_accelerator, () =>
    {
        CopyIn(batch);
        Launch(batch);
        _rows.View.SubView(0, (long)batch * _floats).CopyToPageLockedAsync(_hostRows);
    });

    /// <summary>Median seconds of queued work, over so many in a row that the clock does not matter.</summary>
    public static double Seconds(Accelerator accelerator, Action work)
    {
        double Of(int repeats)
        {
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                work();
            }
            accelerator.Synchronize();
            return Stopwatch.GetElapsedTime(started).TotalSeconds / repeats;
        }
        Of(1);
        int repeats = (int)Math.Clamp(s_least.TotalSeconds / Of(1), 1, MostRepeats);
        double[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Of(repeats)).Order()];
        return rounds[Rounds / 2];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events.Dispose();
        _rows.Dispose();
        _hostEvents.Dispose();
        _hostRows.Dispose();
        _step.Dispose();
    }

    private void CopyIn(int batch)
    {
        _rows.View.SubView(0, (long)batch * _floats).CopyFromPageLockedAsync(_hostRows);
        _events.View.SubView(0, batch).CopyFromPageLockedAsync(_hostEvents);
    }

    private void Launch(int batch) => _step.Launch(_rows.View.SubView(0, (long)batch * _floats), _events.View.SubView(0, batch));
}
