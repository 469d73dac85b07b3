using Foretell.Models.Mixers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Mixers;

public unsafe class LinearAttentionTests
{
    private const int Width = 16, State = Width * Width + 2 * Width;

    [Fact]
    public void Advance_WhenTheStateIsOldAndItsInputChanges_FollowsWhereRoundingToNearestFreezes()
    {
        // 2^25 events with value 1 have passed; from here on every event brings 2, which is worth 3e-8 of the average:
        // half of the last bit of a float near 1. The log-mass stands at 17, and one event adds 3e-8 to it.
        const int start = 1 << 25, events = 1 << 18;
        (double dithered, double logMass) = Run(dither: true);
        Assert.Equal(1 + (double)events / (start + events), dithered, 1e-5);
        Assert.Equal(Math.Log(start + events), logMass, 2e-6);
        Assert.Equal(1, Run(dither: false).Average);

        (double Average, double LogMass) Run(bool dither)
        {
            using AlignedBuffer state = new(State), zeros = new(2 * Width), values = new(2 * Width), gates = new(2 * Width);
            state.Span[..(Width * Width)].Fill(1);
            float high = (float)Math.Log(start);
            state.Span.Slice(Width * Width, Width).Fill(high);
            state.Span[(Width * Width + Width)..].Fill((float)(Math.Log(start) - high));
            values.Span.Fill(2);
            for (int t = start; t < start + events; t++)
            {
                // ln phi(k) = 0 in each feature, and nothing fades.
                if (dither)
                {
                    LinearAttention.Advance(state.Pointer, zeros.Pointer, values.Pointer, zeros.Pointer, zeros.Pointer, 1, false,
                        gates.Pointer, Width, Width, new DitheredRounding(t), 0);
                }
                else
                {
                    LinearAttention.Advance(state.Pointer, zeros.Pointer, values.Pointer, zeros.Pointer, zeros.Pointer, 1, false,
                        gates.Pointer, Width, Width, default(NearestRounding), 0);
                }
            }
            return (state.Span[..(Width * Width)].ToArray().Average(x => (double)x), (double)state.Span[Width * Width]
                + state.Span[Width * Width + Width]);
        }
    }

    [Fact]
    public void Read_WhenAllHasFadedFarBelowTheSmallestFloat_StillGivesTheAverage()
    {
        // A silence of 10^6 decay times: every mass is e^-1000000, but their ratios hold.
        using AlignedBuffer state = new(State), zeros = new(2 * Width), shares = new(2 * Width), output = new(2 * Width);
        state.Span[..(Width * Width)].Fill(3);
        state.Span.Slice(Width * Width, Width).Fill(-1e6f);
        LinearAttention.Read(state.Pointer, zeros.Pointer, shares.Pointer, output.Pointer, Width, Width);
        Assert.All(output.Span[..Width].ToArray(), x => Assert.Equal(3, x, 1e-5f));
        Assert.Equal(-1e6f + MathF.Log(Width), output.Span[Width], 0.1f);
    }
}
