using System.Globalization;
using System.Runtime.InteropServices;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Queue;

/// <summary>What a process finds out about its device before it trusts it with rows: whether it has the CPU's bits, and from how
/// many events on it pays.</summary>
internal static class DeviceProbe
{
    private const int Seed = 11, Events = 4, Tries = 3;

    /// <summary>A device that takes so long for a batch that the CPU steps in a fraction of it is measured no further.</summary>
    private static readonly TimeSpan s_hopeless = TimeSpan.FromMilliseconds(50);

    /// <summary>Steps the same events on both, and looks for the first bit that differs.</summary>
    /// <param name="device">Backend that sends every wave to the device.</param>
    /// <param name="cpu">Backend of the same model.</param>
    /// <param name="rows">Rows to compare.</param>
    /// <returns>Where they differ, or null.</returns>
    public static string? Compare(IStateBackend device, CpuStateBackend cpu, FusedModel model, int rows)
    {
        var random = new RandomStream(Seed);
        device.EnsureCapacity(rows);
        cpu.EnsureCapacity(rows);
        float[] expected = new float[model.Model.StateFloats], actual = new float[model.Model.StateFloats];
        for (int n = 0; n < Events; n++)
        {
            StepInput[] inputs = Inputs(model, random, rows, n);
            cpu.Step(inputs);
            device.Step(inputs);
            for (int row = 0; row < rows; row++)
            {
                cpu.Read(row, expected);
                device.Read(row, actual);
                int same = MemoryMarshal.Cast<float, uint>(expected).CommonPrefixLength(MemoryMarshal.Cast<float, uint>(actual));
                if (same < expected.Length)
                {
                    return string.Create(CultureInfo.InvariantCulture,
                        $"it gives other bits than the CPU: {actual[same]:R} for {expected[same]:R} at float {same} of a row after {n + 1} events");
                }
            }
        }
        return null;
    }

    /// <summary>Times both.</summary>
    /// <param name="device">Backend that sends every wave to the queue.</param>
    /// <param name="cpu">Backend of the same model.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="model">The model.</param>
    /// <param name="threads">Threads that advance shards.</param>
    /// <param name="time">Clock.</param>
    /// <returns>The least wave for which the device takes no longer than the CPU, and neither for any larger one (int.MaxValue:
    /// none), and how many times faster than without it the process can step and score.</returns>
    public static (int LeastWave, double Speedup) Measure(IStateBackend device, CpuStateBackend cpu, DeviceQueue queue, FusedModel model,
        int threads, TimeProvider time)
    {
        device.EnsureCapacity(queue.Capacity);
        cpu.EnsureCapacity(queue.Capacity);
        StepInput[] inputs = Inputs(model, new RandomStream(Seed), queue.Capacity, ordinal: 1);
        var waves = new List<(int Events, TimeSpan Device, TimeSpan Cpu)>();
        double onDevice = 0, onHost = 0;
        for (int events = 1; events <= queue.Capacity; events *= 2)
        {
            StepInput[] wave = inputs[..events];
            TimeSpan busy = queue.Counts.Busy;
            TimeSpan there = Best(time, () => device.Step(wave)), here = Best(time, () => cpu.Step(wave));
            waves.Add((events, there, here));
            // What the shards' threads do for a batch they do side by side; what the device does is one batch behind the other.
            onDevice = (queue.Counts.Busy - busy).TotalSeconds / Tries / events;
            onHost = Math.Max(0, there.TotalSeconds / events - onDevice);
            if (there > s_hopeless && there > 4 * here)
            {
                return (int.MaxValue, 1);
            }
        }
        StepInput[] some = inputs[..Math.Min(queue.Capacity, 256)];
        var scores = new StepScore[some.Length];
        double step = Best(time, () => cpu.Step(some)).TotalSeconds / some.Length;
        double score = Best(time, () => cpu.Score(some, scores)).TotalSeconds / some.Length;
        int least = LeastWave(waves);
        return (least, least == int.MaxValue ? 1 : Speedup(step, score, onHost, onDevice, threads));
    }

    /// <summary>The least wave for which the device takes no longer than the CPU, and neither for any larger one.</summary>
    /// <param name="waves">Timed waves, smallest first.</param>
    internal static int LeastWave(IReadOnlyList<(int Events, TimeSpan Device, TimeSpan Cpu)> waves)
    {
        int paying = waves.Reverse().TakeWhile(w => w.Device <= w.Cpu).Count();
        return paying == 0 ? int.MaxValue : waves[^paying].Events;
    }

    /// <summary>Rate with the device over the rate without it, in steps of the square root of two from 1 on: closer the
    /// measuring is not, and equal machines should come to the same.</summary>
    /// <param name="step">Seconds an event, one thread: the CPU's step.</param>
    /// <param name="score">Seconds an event, one thread: its score.</param>
    /// <param name="onHost">Seconds an event, one thread: what a thread does to send it to the device and take it back.</param>
    /// <param name="onDevice">Seconds an event that the device takes in a large batch.</param>
    /// <param name="threads">Threads at work.</param>
    internal static double Speedup(double step, double score, double onHost, double onDevice, int threads)
    {
        double without = threads / (step + score), with = Math.Min(threads / (score + onHost), 1 / onDevice);
        double ratio = with / without;
        return ratio is > 1 and < double.PositiveInfinity ? Math.Pow(2, Math.Round(2 * Math.Log2(ratio)) / 2) : 1;
    }

    private static TimeSpan Best(TimeProvider time, Action work)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < Tries; i++)
        {
            long started = time.GetTimestamp();
            work();
            TimeSpan taken = time.GetElapsedTime(started);
            best = taken < best ? taken : best;
        }
        return best;
    }

    private static StepInput[] Inputs(FusedModel model, RandomStream random, int rows, int ordinal) =>
        [.. Enumerable.Range(0, rows).Select(row => new StepInput(row, random.NextInt(model.Model.UnknownMark + 1),
            ordinal == 0 ? 0 : model.Model.Config.GapFloor * (1 + 1e6 * random.NextDouble()), ordinal))];
}
