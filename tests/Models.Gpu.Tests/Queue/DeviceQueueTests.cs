using System.Diagnostics;
using Foretell.Backends.Contract;
using Foretell.Models.Configuration;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests.Queue;

/// <remarks>Alone in the process: other tests' threads would keep the processors from those that hand batches on.</remarks>
[Collection(nameof(AloneInTheProcess))]
public class DeviceQueueTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly FusedModel _model = new(RandomModels.Create(width: 16, heads: 2, layers: 1));

    [Fact]
    public async Task Reserve_WhileABatchIsOnTheDevice_JoinsTheWavesOfAllShards()
    {
        const int Shards = 8, Wave = 5;
        using var first = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        TestAccelerator accelerator = Held(first, release);
        using DeviceQueue queue = Queue(accelerator, capacity: 128);
        Task<bool> early = Step(queue, 1);
        first.Wait();

        BatchPart[] parts = [.. Enumerable.Range(0, Shards).Select(_ => queue.Reserve(Wave)!.Value)];
        Array.ForEach(parts, queue.Written);
        Assert.Equal(Shards * Wave, queue.Collected);
        Task<bool>[] later = [.. parts.Select(part => Task.Run(() => End(queue, part)))];
        release.Set();

        Assert.True(await early);
        Assert.All(await Task.WhenAll(later), Assert.True);
        Assert.Equal([1, Shards * Wave], accelerator.Batches);
        Assert.Equal((2, 1 + Shards * Wave), (queue.Counts.Batches, queue.Counts.Events));
    }

    [Fact]
    public async Task Reserve_WhenTheBatchIsHalfFull_SendsItBehindTheOneOnTheDevice()
    {
        using var first = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        TestAccelerator accelerator = Held(first, release);
        using DeviceQueue queue = Queue(accelerator, capacity: 64);
        Task<bool> one = Step(queue, 1);
        first.Wait();

        Task<bool> two = Step(queue, 32);
        // The second batch is with the device, whose first is not back: what comes now is the third.
        Assert.True(SpinWait.SpinUntil(() => accelerator.Batches.Length == 2, s_limit));
        BatchPart third = queue.Reserve(60)!.Value;
        Assert.Equal(60, queue.Collected);
        queue.Written(third);
        Task<bool> three = Task.Run(() => End(queue, third));
        release.Set();

        Assert.True(await one && await two && await three);
        Assert.Equal([1, 32, 60], accelerator.Batches);
    }

    [Fact]
    public async Task Reserve_WhenEveryBatchIsTaken_WaitsForOneToComeBack()
    {
        using var release = new ManualResetEventSlim();
        var accelerator = new TestAccelerator(_model) { OnBatch = (_, _, _) => release.Wait() };
        using DeviceQueue queue = Queue(accelerator, capacity: 64);
        Task<bool>[] taken = [Step(queue, 64), Step(queue, 64), Step(queue, 64)];
        Assert.True(SpinWait.SpinUntil(() => accelerator.Batches.Length == 2 && queue.Collected == 64, s_limit));

        Task<bool> late = Step(queue, 64);
        // It closes the third batch, which is full, and then there is none to be filled before one comes back.
        Assert.True(SpinWait.SpinUntil(() => queue.Collected == 0, s_limit));
        Assert.Equal(2, accelerator.Batches.Length);
        release.Set();

        Assert.All(await Task.WhenAll([.. taken, late]), Assert.True);
        Assert.Equal([64, 64, 64, 64], accelerator.Batches);
    }

    [Fact]
    public void Queue_UnderLoad_KeepsASlowDeviceBusy()
    {
        // A device that takes 20 ms for any batch, and shards that have host work of their own between two waves.
        const int Shards = 12, Rounds = 40, Wave = 100;
        TimeSpan batch = TimeSpan.FromMilliseconds(20);
        long atWork = 0;
        var accelerator = new TestAccelerator(_model)
        {
            OnBatch = (_, _, _) =>
            {
                long began = Stopwatch.GetTimestamp();
                Thread.Sleep(batch);
                atWork += Stopwatch.GetTimestamp() - began;
            },
        };
        using DeviceQueue queue = Queue(accelerator, capacity: 1024);
        long started = Stopwatch.GetTimestamp();
        Thread[] shards = [.. Enumerable.Range(0, Shards).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                End(queue, Written(queue, Wave));
                Thread.SpinWait(5_000);
            }
        }))];
        Array.ForEach(shards, s => s.Start());
        Array.ForEach(shards, s => s.Join());
        TimeSpan taken = Stopwatch.GetElapsedTime(started);

        (long batches, long events, TimeSpan busy) = queue.Counts;
        TimeSpan slept = Stopwatch.GetElapsedTime(0, atWork);
        Assert.Equal(Shards * Rounds * Wave, events);
        Assert.True(slept >= 0.9 * taken, $"At work {slept} of {taken} with {batches} batches.");
        Assert.InRange(busy, slept, taken);
        // Twelve shards in turn would have taken a batch for each wave.
        Assert.True(batches < Shards * Rounds / 3, $"{batches} batches.");
    }

    [Fact]
    public void ScoreAndStep_OfOneShardAtIdle_TakesNoLongerThanTheCpu()
    {
        // The CPU beside a device that takes an eighth of the CPU's time for a full batch, and no less for any other: small waves are
        // the CPU's, large ones the device's, on whatever machine this is.
        const int Full = 4096;
        ForecastModel model = ForecastModel.Untrained(new ModelConfig { Marks = ["a", "b"], LogGapDeviation = 1 }, 5);
        var fused = new FusedModel(model);
        using var steps = new CpuStateBackend(model);
        steps.EnsureCapacity(Full);
        StepInput[] full = [.. Enumerable.Range(0, Full).Select(row => new StepInput(row, row % 2, 1, 1))];
        TimeSpan pause = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = Stopwatch.GetTimestamp();
            steps.Step(full);
            return Stopwatch.GetElapsedTime(before);
        }) / 8;
        var accelerator = new TestAccelerator(fused)
        {
            OnBatch = (_, _, _) =>
            {
                long before = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(before) < pause)
                {
                    Thread.SpinWait(20);
                }
            },
        };
        using DeviceQueue queue = Queue(accelerator, capacity: Full);
        using var direct = new DeviceStateBackend(fused, queue, leastWave: 1, _ => { });
        // Where other programs keep the processors, the threads that hand a batch on may come too late in each of its tries.
        int least = Enumerable.Range(0, 10)
            .Select(_ => DeviceProbe.Measure(direct, steps, queue, fused, threads: 1, TimeProvider.System).LeastWave)
            .FirstOrDefault(wave => wave is >= 2 and <= Full);
        Assert.InRange(least, 2, Full);
        using var backend = new DeviceStateBackend(fused, queue, least, _ => { });
        using CpuStateBackend cpu = new(model);
        backend.EnsureCapacity(Full);
        cpu.EnsureCapacity(Full);

        foreach (int size in new[] { 1, least - 1, least, Full })
        {
            StepInput[] wave = full[..size];
            double[] ratios = [.. Enumerable.Range(0, 101).Select(_ =>
            {
                long before = Stopwatch.GetTimestamp();
                backend.Step(wave);
                long between = Stopwatch.GetTimestamp();
                cpu.Step(wave);
                return (between - before) / (double)(Stopwatch.GetTimestamp() - between);
            }).Order()];
            // Where both are equally fast the measuring decides; half as much again is what it may err. A busy machine delays the
            // threads that hand a batch on, so the better quarter counts.
            Assert.True(ratios[25] < 1.5,
                $"A wave of {size} takes {ratios[25]:0.00}, in the median {ratios[50]:0.00} times as long, with {least} as the least.");
        }
    }

    /// <summary>A device that keeps its batches until it is released, and says when it has the first.</summary>
    private TestAccelerator Held(ManualResetEventSlim first, ManualResetEventSlim release) => new(_model)
    {
        OnBatch = (_, _, _) =>
        {
            first.Set();
            release.Wait();
        },
    };

    private static DeviceQueue Queue(TestAccelerator accelerator, int capacity) =>
        new(accelerator, capacity, TimeSpan.FromSeconds(30), _ => { }, TimeProvider.System);

    private static Task<bool> Step(DeviceQueue queue, int events)
    {
        // A thread of its own: it may wait for long, and the pool grows slowly.
        return Task.Factory.StartNew(() => End(queue, Written(queue, events)), TaskCreationOptions.LongRunning);
    }

    private static BatchPart Written(DeviceQueue queue, int events)
    {
        BatchPart part = queue.Reserve(events)!.Value;
        queue.Written(part);
        return part;
    }

    private static bool End(DeviceQueue queue, BatchPart part)
    {
        bool isStepped = queue.Wait(part);
        queue.Release(part);
        return isStepped;
    }
}

/// <summary>Tests that no other test may run beside.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
