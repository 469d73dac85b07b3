using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Numerics;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Heads;

public sealed class ValueTrackTests
{
    private const int Seed = 72;

    [Fact]
    public void Observe_WhenComparedWithWeightedMoments_AgreesAfterEveryEvent()
    {
        ValueScale[] scales = [.. TestModels.Config().WithValues(3).Values!];
        var track = new ValueTrack(scales);
        var plain = new ReferenceValues(scales);
        var random = new RandomStream(Seed);
        float[] state = new float[3 * ValueTrack.StateFloats], told = new float[track.FeatureStride];
        for (int t = 0; t < 2000; t++)
        {
            double[] values = Array.ConvertAll(scales, s => random.NextInt(4) == 0 ? double.NaN : s.Value(0.5 + 0.4 * random.NextNormal()));
            track.WriteFeatures(state, told);
            double[] expected = plain.Told();
            Assert.All(told[..12].Zip(expected), x => Assert.Equal(x.Second, x.First, 2e-5 * (1 + Math.Abs(x.Second))));
            for (int v = 0; v < 3; v++)
            {
                (float level, float unit) = track.Own(state, v);
                Assert.Equal(plain.Own(v).Level, level, 1e-5);
                Assert.Equal(plain.Own(v).Unit, unit, 1e-5);
            }
            track.Observe(state, [.. scales.Select((s, i) => s.Standardise(values[i]))]);
            plain.Observe(values);
        }
        Assert.All(told[12..], x => Assert.Equal(0, x));
    }

    [Fact]
    public void Own_OfAStreamWithoutAPast_IsThatOfAllStreams()
    {
        var track = new ValueTrack([new ValueScale("a", 0, 1) { Within = 0.4 }]);
        Assert.Equal((0, 0.4f), track.Own(new float[4], 0));
    }

    /// <summary>A stream's scale changes a hundredfold every 2,000 events, for ten million of them: 250 events behind a change its level is
    /// within 1% of the change, but for the values' own spread, and its unit within a factor of two of the new one after 600.</summary>
    [Fact]
    public void Observe_OverTenMillionEvents_FollowsEveryChangeOfScale()
    {
        const int Period = 2000, Changes = 5000;
        var track = new ValueTrack([new ValueScale("a", 0, 1) { Within = 0.2 }]);
        var random = new RandomStream(Seed);
        // Few numbers, taken in turn: drawing them anew would take longer than the test.
        float[] noise = [.. Enumerable.Range(0, 1021).Select(_ => (float)random.NextNormal())];
        float[] state = new float[4], z = new float[1];
        for (int change = 0; change < Changes; change++)
        {
            float level = change % 2 == 0 ? -4.6f : 4.6f, spread = change % 4 < 2 ? 0.1f : 1;
            for (int t = 0; t < Period; t++)
            {
                z[0] = level + spread * noise[(change + t) % noise.Length];
                track.Observe(state, z);
                // A mean over about fifty values has a tenth of their deviation: seven of these, and 1% of the change.
                if (t == 250)
                {
                    Assert.Equal(level, track.Own(state, 0).Level, 0.092 + 0.7 * spread);
                }
                if (t is 600 or Period - 1)
                {
                    Assert.InRange(track.Own(state, 0).Unit, 0.55 * spread, 2 * spread);
                }
            }
        }
        Assert.All(state, x => Assert.True(float.IsFinite(x)));
        Assert.Equal(50, state[0], 1e-3f);
    }

    [Fact]
    public void Observe_OfTheFarthestValues_StaysFinite()
    {
        var track = new ValueTrack([new ValueScale("a", 0, 1) { Within = 0.01 }]);
        float[] state = new float[4], told = new float[track.FeatureStride];
        foreach (float z in new[] { 1e4f, -1e4f, 1e4f, 0, -0f, float.Epsilon, -1e4f })
        {
            track.Observe(state, [z]);
            track.WriteFeatures(state, told);
            Assert.All(state.Concat(told), x => Assert.True(float.IsFinite(x)));
            Assert.InRange(track.Own(state, 0).Unit, 1e-3f, 3e4f);
        }
        // A value that never changes again: the unit falls to its least and no further.
        for (int t = 0; t < 5000; t++)
        {
            track.Observe(state, [0.25f]);
        }
        Assert.InRange(track.Own(state, 0).Unit, 1e-3f, 0.01f);
        // Fifty events beside a kappa of 0.02.
        Assert.Equal(0.25f * 50 / 50.02f, track.Own(state, 0).Level, 1e-5f);
    }

    [Fact]
    public void Observe_OfAValueThatIsMissing_LeavesItsNumbers()
    {
        var track = new ValueTrack([new ValueScale("a", 0, 1), new ValueScale("b", 0, 1)]);
        float[] state = new float[8];
        track.Observe(state, [1, 2]);
        float[] before = [.. state];
        track.Observe(state, [float.NaN, 3]);
        Assert.Equal(before[..4], state[..4]);
        Assert.NotEqual(before[4..], state[4..]);
    }
}
