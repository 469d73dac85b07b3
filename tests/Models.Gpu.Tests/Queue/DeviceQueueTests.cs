using System.Diagnostics;
using Foretell.Models.Configuration;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests.Queue;

public class DeviceQueueTests
{
    private readonly FusedModel _model = new(RandomModels.Create(width: 16, heads: 2, layers: 1));

    [Fact]
    public async Task Reserve_WhileABatchIsOnTheDevice_JoinsTheWavesOfAllShards()
    {
        const int Shards = 8, Wave = 5;
        using var first = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var accelerator = new TestAccelerator(_model)
        {
            OnBatch = (_, _, _) =>
            {
                first.Set();
                release.Wait();
            },
        };
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
        var accelerator = new TestAccelerator(_model)
        {
            OnBatch = (_, _, _) =>
            {
                first.Set();
                release.Wait();
            },
        };
        using DeviceQueue queue = Queue(accelerator, capacity: 64);
        Task<bool> one = Step(queue, 1);
        first.Wait();

        Task<bool> two = Step(queue, 32);
        // The second batch is with the device, whose first is not back: what comes now is the third.
        SpinWait.SpinUntil(() => accelerator.Batches.Length == 2);
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
        SpinWait.SpinUntil(() => accelerator.Batches.Length == 2);

        Task<bool> late = Step(queue, 64);
        Assert.False(late.IsCompleted);
        release.Set();

        Assert.All(await Task.WhenAll([.. taken, late]), Assert.True);
        Assert.Equal([64, 64, 64, 64], accelerator.Batches);
    }

    [Fact]
    public void Queue_UnderLoad_KeepsASlowDeviceBusy()
    {
        // A device that takes 4 ms for any batch, and shards that have host work of their own between two waves.
        const int Shards = 12, Rounds = 60, Wave = 100;
        TimeSpan batch = TimeSpan.FromMilliseconds(4);
        var accelerator = new TestAccelerator(_model) { OnBatch = (_, _, _) => Thread.Sleep(batch) };
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
        Assert.Equal(Shards * Rounds * Wave, events);
        Assert.True(busy >= 0.9 * taken, $"Busy {busy} of {taken} with {batches} batches.");
        // Twelve shards in turn would have taken a batch for each wave.
        Assert.True(batches < Shards * Rounds / 3, $"{batches} batches.");
    }

    [Fact]
    public void ScoreAndStep_OfOneShardAtIdle_TakesNoLongerThanTheCpu()
    {
        // As slow as a device that is no gain for one shard's wave; what is measured at the start must find that.
        ForecastModel model = ForecastModel.Untrained(new ModelConfig { Marks = ["a", "b"], LogGapDeviation = 1 }, 5);
        var fused = new FusedModel(model);
        var accelerator = new TestAccelerator(fused);
        using var device = new FusedDevice(fused, accelerator, new DeviceOptions { Capacity = 256, ComparedRows = 4 });
        using IStateBackend backend = device.OpenBackend();
        using CpuStateBackend cpu = new(model);
        backend.EnsureCapacity(256);
        cpu.EnsureCapacity(256);
        StepInput[] wave = [.. Enumerable.Range(0, 200).Select(row => new StepInput(row, row % 2, 1, 1))];
        var scores = new StepScore[wave.Length];

        double[] ratios = [.. Enumerable.Range(0, 101).Select(_ =>
        {
            long before = Stopwatch.GetTimestamp();
            backend.ScoreAndStep(wave, scores);
            long between = Stopwatch.GetTimestamp();
            cpu.ScoreAndStep(wave, scores);
            return (between - before) / (double)(Stopwatch.GetTimestamp() - between);
        }).Order()];

        Assert.Equal(int.MaxValue, device.Report().LeastWave);
        Assert.True(ratios[50] < 1.15, $"The median ratio is {ratios[50]:0.00}.");
    }

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
