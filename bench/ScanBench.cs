using Foretell.Models.Mixers;
using Foretell.Models.Numerics;

namespace Foretell.Bench;

/// <summary>The parallel form of Aaren's attention on one core, by chunk length.</summary>
internal static class ScanBench
{
    private const int Seed = 1, Length = 512, Width = 64, Heads = 4;

    public static async Task RunAsync()
    {
        var random = new RandomStream(Seed);
        using AlignedBuffer scores = Normals(Length * 16), values = Normals(Length * Width), gaps = Normals(Length), decay = new(16);
        using AlignedBuffer averages = new(Length * Width), logMass = new(Length * 16), gates = new(Length * 16);
        foreach (int chunk in new[] { Length, 64, 16, 1 })
        {
            await Meter.RateAsync(chunk == Length ? "one chunk: the recurrence" : $"chunks of {chunk}", () => Scan(chunk));
        }

        unsafe long Scan(int chunk)
        {
            AarenScan.Forward(scores.Pointer, values.Pointer, gaps.Pointer, decay.Pointer, decay.Pointer, Heads, Width,
                Length, averages.Pointer, Width, logMass.Pointer, 16, gates.Pointer, chunk);
            return Length;
        }

        AlignedBuffer Normals(int count)
        {
            var buffer = new AlignedBuffer(count);
            foreach (ref float x in buffer.Span)
            {
                x = Math.Abs((float)random.NextNormal());
            }
            return buffer;
        }
    }
}
