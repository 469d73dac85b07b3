using System.Runtime.Intrinsics;
using Foretell.Models.Mixers;

namespace Foretell.Models.Tests.Mixers;

public class DitherTests
{
    [Fact]
    public void Lerp_WhenARunningAverageIsOldAndItsInputChanges_FollowsWhereRoundingToNearestFreezes()
    {
        // 2^25 events of value 1 have passed; from here on every event is 2. Rounded to nearest, nothing would move:
        // one event is worth 3e-8, half of the last bit of a float near 1.
        const int start = 1 << 25, events = 1 << 22;
        var average = Vector512<float>.One;
        float nearest = 1;
        for (int t = start; t < start + events; t++)
        {
            var gate = Vector512.Create(1f / (t + 1));
            average = Dither.Lerp(average, Vector512.Create(2f), gate, Dither.Noise((uint)t, 0));
            nearest += gate[0] * (2 - nearest);
        }
        double expected = 1 + (double)events / (start + events);
        Assert.Equal(expected, Vector512.Sum(average) / 16, 1e-4);
        Assert.Equal(1f, nearest);
    }

    [Fact]
    public void Noise_LooksUniformAndIndependent()
    {
        double sum = 0, squares = 0, products = 0;
        const int n = 100_000;
        for (uint t = 0; t < n; t++)
        {
            var words = Dither.Noise(t, 16);
            double x = words[0] / 4294967296.0, y = words[1] / 4294967296.0;
            sum += x;
            squares += x * x;
            products += x * y;
        }
        Assert.Equal(0, sum / n, 4 * Math.Sqrt(1.0 / 12 / n));
        Assert.Equal(1.0 / 12, squares / n, 2e-3);
        Assert.Equal(0, products / n, 2e-3);
    }
}
